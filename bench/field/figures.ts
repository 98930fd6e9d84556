/** From answers to figures, and from figures to verdicts. */
import { quantile } from '../performance/measure.ts'
import { type Expectation, type FigureName, meanMs, type Scenario } from '../scenario.ts'

/** What became of a request; times in milliseconds since the turn began. */
export interface Outcome {
  readonly isImage: boolean
  readonly sentAt: number
  readonly endedAt: number
  /** 0: no answer, or half of one. */
  readonly status: number
  /** Of its problem document. */
  readonly code: string | null
}

/** One contender under one load, once. */
export interface Turn {
  readonly outcomes: readonly Outcome[]
  /** No request was sent later; Infinity where they were counted instead. */
  readonly forMs: number
  /** As in Date.now(). */
  readonly startedAt: number
}

export interface Counted {
  readonly served: number
  readonly failed: number
  /** Codes and statuses of those that failed, with how many they were. */
  readonly failures: Readonly<Record<string, number>>
  readonly perSecond: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly imageP99Ms: number
}

const isServed = ({ status }: Outcome): boolean => status === 200

export function count(turns: readonly Turn[]): Counted {
  const all = turns.flatMap(({ outcomes }) => outcomes)
  const served = all.filter(isServed)
  const failed = all.filter((outcome) => !isServed(outcome))
  const windows = turns.map(({ outcomes, forMs }) => {
    const lastMs = Math.max(0, ...outcomes.map(({ endedAt }) => endedAt))
    const ms = Math.min(forMs, lastMs)
    return { ms, served: outcomes.filter((own) => isServed(own) && own.endedAt <= ms).length }
  })
  const total = (key: 'ms' | 'served'): number => windows.reduce((sum, window) => sum + window[key], 0)
  const failures = Map.groupBy(failed, ({ status, code }) => code ?? String(status))
  return {
    served: served.length,
    failed: failed.length,
    failures: Object.fromEntries([...failures].map(([code, those]) => [code, those.length])),
    perSecond: (1_000 * total('served')) / total('ms'),
    meanMs: served.reduce((sum, own) => sum + latencyOf(own), 0) / served.length,
    p50Ms: latency(served, 0.5),
    p99Ms: latency(served, 0.99),
    imageP99Ms: latency(
      served.filter(({ isImage }) => isImage),
      0.99,
    ),
  }
}

const latencyOf = ({ sentAt, endedAt }: Outcome): number => endedAt - sentAt

function latency(outcomes: readonly Outcome[], share: number): number {
  const sorted = outcomes.map(latencyOf).toSorted((a, b) => a - b)
  return quantile(sorted, share)
}

export interface Seen {
  readonly scenario: Scenario
  readonly turns: readonly Turn[]
  readonly haproxy: Counted | undefined
  /** Requests per second. */
  readonly ideal: number
  /** Share of what others reach that is asked of the gateway; 1 where this machine does nothing besides. */
  readonly handicap: number
  /** When the first backend was awake, as in Date.now(). */
  readonly awakeAt: number | undefined
}

export type Figures = Readonly<Record<FigureName, number>>

/** NaN where there is nothing to be counted. */
export function figuresOf(seen: Seen): Figures {
  const { turns, haproxy, ideal, handicap } = seen
  const own = count(turns)
  return {
    rateOfIdeal: own.perSecond / (handicap * ideal),
    rateOfHaproxy: own.perSecond / (handicap * (haproxy?.perSecond ?? Number.NaN)),
    addedP50Ms: own.p50Ms - (haproxy?.p50Ms ?? Number.NaN),
    addedP50OverMeanMs: own.p50Ms - waitAt(haproxy) / handicap,
    addedP99Ms: own.p99Ms - (haproxy?.p99Ms ?? Number.NaN),
    imageP99OfHaproxy: own.imageP99Ms / (haproxy?.imageP99Ms ?? Number.NaN),
    failed: own.failed,
    shareOfDeadline: shareOfDeadline(seen),
    afterWakeOfIdeal: afterWake(seen),
  }
}

/** While a queue fills the mean is less than the median, and more when a few wait long. */
const waitAt = (haproxy: Counted | undefined): number =>
  Math.max(haproxy?.meanMs ?? Number.NaN, haproxy?.p50Ms ?? Number.NaN)

function shareOfDeadline({ scenario: { deadlineMs = Number.NaN }, turns }: Seen): number {
  const late = turns.flatMap(({ outcomes }) => outcomes).filter(({ code }) => code === 'deadline-exceeded')
  return Math.min(...late.map((own) => latencyOf(own) / deadlineMs))
}

function afterWake({ scenario, turns, awakeAt = Number.NaN }: Seen): number {
  const lastAt = Math.max(
    ...turns.flatMap(({ outcomes, startedAt }) =>
      outcomes.filter(isServed).map(({ endedAt }) => startedAt + endedAt),
    ),
  )
  const perMs = scenario.backends.reduce((sum, own) => sum + own.slots / meanMs(own, scenario.mix), 0)
  return (lastAt - awakeAt) / (scenario.clients / perMs)
}

export interface Verdict {
  readonly figure: FigureName
  readonly value: number
  /** `at least 0.9` */
  readonly bound: string
  readonly isKept: boolean
}

/** What a machine that does other things takes from one contender and not from another, as a share. */
const BUSY_NOISE = 0.12

/**
 * @param haproxy for what is noise in its times
 * @param isBusy whether the machine does other things beside, which costs one contender this and the next that
 */
export function judge(
  expectations: readonly Expectation[],
  figures: Figures,
  haproxy: Counted | undefined,
  isBusy = false,
): Verdict[] {
  return expectations.map(({ figure, atLeast: strict, atMost, orShareOfHaproxy: own = 0 }) => {
    const isRate = figure === 'rateOfIdeal' || figure === 'rateOfHaproxy'
    const atLeast =
      strict !== undefined && isBusy && isRate ? Number((strict - BUSY_NOISE).toFixed(2)) : strict
    const orShareOfHaproxy = isBusy && own > 0 ? own + BUSY_NOISE : own
    const value = figures[figure]
    const theirs = figure === 'addedP99Ms' ? haproxy?.p99Ms : haproxy?.p50Ms
    const most = atMost === undefined ? undefined : Math.max(atMost, orShareOfHaproxy * (theirs ?? 0))
    const bounds = [
      ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
      ...(most === undefined ? [] : [`at most ${Number(most.toFixed(1))}`]),
    ]
    const isKept = (atLeast === undefined || value >= atLeast) && (most === undefined || value <= most)
    return { figure, value, bound: bounds.join(', '), isKept }
  })
}
