/** The release gate: one line per promise, with the figure that it hangs on. */

import { SCENARIOS } from '../../scenarios.ts'
import { idealOf } from '../field/ideal.ts'
import type { Summary } from '../metrics/summary.ts'
import { STANDARD, STRAGGLERS } from '../scenarios/standard.ts'
import { baselinesOf, type Results, summaryOf } from './results.ts'
import { WITHOUT_HEDGES } from './task.ts'

export interface Verdict {
  readonly promise: string
  readonly isKept: boolean
  readonly figure: string
}

type Line = (results: Results) => Verdict

const MAX_SHARE_OF_JSQ = 0.5
const MAX_SHARE_OF_RANDOM = 0.1
const MAX_IMAGE_WAIT_MS = 3_000
const MIN_GOODPUT = 0.95
const MIN_GOODPUT_FLOODED = 0.9
const AT_ONCE_MS = 100
const MAX_LATE_SHARE = 0.01
const MAX_LIGHT_WAIT_MS = 5_000
const MAX_POISONED_SHARE = 0.001
const MAX_BLACK_HOLE_SHARE = 0.001
const MAX_AMPLIFICATION = 1.1
const MAX_AMPLIFICATION_CALM = 1.01
/** No class is served at less than this share of what all together are. */
const MIN_CLASS_SHARE = 0.5

const beats =
  (baseline: 'JSQ' | 'random', most: number): Line =>
  (results) => {
    const share =
      summaryOf(results, 'homogeneous').meanWaitMs / summaryOf(results, 'homogeneous', baseline).meanWaitMs
    return {
      promise: `8 backends, mixed, 70 %: mean wait <= ${percent(most)} of ${baseline}`,
      isKept: share <= most,
      figure: percent(share),
    }
  }

const imageWait: Line = (results) => {
  const ms = summaryOf(results, 'homogeneous').imageWaitP99Ms
  return { promise: 'the same: image wait p99 <= 3 s', isKept: ms <= MAX_IMAGE_WAIT_MS, figure: seconds(ms) }
}

const heterogeneous: Line = (results) => {
  const own = summaryOf(results, 'half 3x slower').latencyMs.p99
  const others = baselinesOf(results, 'half 3x slower').map(
    ([name, { latencyMs }]) => [name, latencyMs.p99] as const,
  )
  const [name, best] = others.reduce((least, other) => (other[1] < least[1] ? other : least))
  return {
    promise: 'half the pool 3x slower: latency p99 below every baseline',
    isKept: own < best,
    figure: `${seconds(own)}, ${name} ${seconds(best)}`,
  }
}

const goodput =
  (scenario: string, least: number): Line =>
  (results) => {
    const { goodput } = summaryOf(results, scenario)
    return {
      promise: `${scenario}: goodput >= ${percent(least)} of capacity`,
      isKept: goodput >= least,
      figure: percent(goodput),
    }
  }

const promptRefusal: Line = (results) => {
  const both = ['1.5x overload', '5x overload'].map((name) => summaryOf(results, name))
  const ms = Math.max(...both.map(({ rejectionP99Ms }) => rejectionP99Ms))
  const late = Math.max(...both.map((own) => own.late / own.requests))
  return {
    promise: 'overload: refused p99 <= 100 ms, let in and not served <= 1 %',
    isKept: ms <= AT_ONCE_MS && late <= MAX_LATE_SHARE,
    figure: `${ms.toFixed(0)} ms, ${percent(late)}`,
  }
}

const sharedShedding: Line = (results) => {
  const { rejectedShares, goodput, requests, rejected } = summaryOf(results, '1.5x overload')
  const served = rejectedShares.map((share) => 1 - share)
  const overall = goodput / 1.5
  const isShared = rejected === 0 || served.every((share) => share >= MIN_CLASS_SHARE * overall)
  return {
    promise: '1.5x overload: not only the largest are refused',
    isKept: isShared && requests > 0 && rejectedShares.filter((share) => share > 0).length > 1,
    figure: `refused ${rejectedShares.map(percent).join(' / ')}`,
  }
}

const lightKeys: Line = (results) => {
  const { light } = summaryOf(results, 'flood key')
  return {
    promise: 'one key floods 3x: light keys 0 refused, wait p99 <= 5 s',
    isKept: light.refused === 0 && light.waitP99Ms <= MAX_LIGHT_WAIT_MS,
    figure: `${light.refused} refused, ${seconds(light.waitP99Ms)}`,
  }
}

const blackHole: Line = (results) => {
  const share = summaryOf(results, 'one black hole').faultyFirstShare
  return {
    promise: 'one black hole: < 0.1 % of first attempts',
    isKept: share < MAX_BLACK_HOLE_SHARE,
    figure: percent(share, 3),
  }
}

const amplification: Line = (results) => {
  const most = (summaries: readonly (readonly [string, Summary])[]): readonly [string, number] =>
    summaries
      .map(([name, { amplification }]) => [name, amplification] as const)
      .reduce((worst, other) => (other[1] > worst[1] ? other : worst))
  const all = STANDARD.map(({ name }) => [name, summaryOf(results, name)] as const)
  const [name, worst] = most([...all, ...results.faults])
  const calm = summaryOf(results, 'homogeneous').amplification
  return {
    promise: 'attempts per request <= 1.10, <= 1.01 without faults',
    isKept: worst <= MAX_AMPLIFICATION && calm <= MAX_AMPLIFICATION_CALM,
    figure: `${worst.toFixed(3)} (${name}), ${calm.toFixed(3)}`,
  }
}

/** A fault of requests: one of them takes two of the four backends down, so it is no single backend's fault. */
const POISON = 'poison'

const poison: Line = ({ faults }) => {
  const { blameless, requests } = faults.get(POISON) as Summary
  return {
    promise: 'requests that crash two of four backends: < 0.1 % of the others failed',
    isKept: blameless / requests < MAX_POISONED_SHARE,
    figure: percent(blameless / requests, 3),
  }
}

const singleFaults: Line = (results) => {
  const kinds = [...results.faults].filter(([name]) => name !== POISON)
  const failing = kinds.filter(([, { blameless }]) => blameless > 0)
  const requests = kinds.reduce((sum, [, own]) => sum + own.requests, 0)
  return {
    promise: `one backend fault at a time, ${requests.toExponential(1)} requests: none failed`,
    isKept: failing.length === 0 && kinds.length > 0,
    figure:
      failing.length === 0
        ? `0 in ${kinds.length} kinds`
        : failing.map(([name, { blameless }]) => `${name} ${blameless}`).join(', '),
  }
}

const hedges: Line = (results) => {
  const own = summaryOf(results, STRAGGLERS).latencyMs.p999
  const without = summaryOf(results, STRAGGLERS, WITHOUT_HEDGES).latencyMs.p999
  return {
    promise: 'one decode in a hundred takes ten times as long: hedges lower p99.9',
    isKept: own < without,
    figure: `${seconds(own)}, without ${seconds(without)}`,
  }
}

const field: Line = ({ field }) => {
  const failing = SCENARIOS.filter((scenario) => {
    const { name, expectations } = scenario
    const own = field.get(name)
    if (!own) return true
    const share = own.perSecond / idealOf(scenario)
    return expectations.some(
      ({ figure, atLeast = 0 }) =>
        (figure === 'failed' && own.failed > 0) || (figure === 'rateOfIdeal' && share < atLeast),
    )
  })
  return {
    promise: 'the scenarios of the field suite: served, and at the rate of the ideal',
    isKept: failing.length === 0,
    figure: failing.length === 0 ? `${SCENARIOS.length} of them` : failing.map(({ name }) => name).join('; '),
  }
}

const promises: Line = ({ swarm }) => {
  const [first] = swarm.broken
  return {
    promise: `${swarm.seeds} seeds of random faults: no invariant broken`,
    isKept: swarm.broken.length === 0 && swarm.seeds > 0,
    figure: first ? `${swarm.broken.length} broken, first: --seed ${first.seed}` : '0 broken',
  }
}

const LINES: readonly Line[] = [
  beats('JSQ', MAX_SHARE_OF_JSQ),
  beats('random', MAX_SHARE_OF_RANDOM),
  imageWait,
  heterogeneous,
  goodput('1.5x overload', MIN_GOODPUT),
  goodput('5x overload', MIN_GOODPUT_FLOODED),
  promptRefusal,
  sharedShedding,
  lightKeys,
  blackHole,
  amplification,
  hedges,
  field,
  singleFaults,
  poison,
  promises,
]

export const judge = (results: Results): readonly Verdict[] => LINES.map((line) => line(results))

const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`
