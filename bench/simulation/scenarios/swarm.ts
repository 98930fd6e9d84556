/**
 * Swarm testing: each seed takes some of the faults and leaves out the others, since a run with all of them at once
 * never gets where a run with two would.
 * Source: A. Groce et al., Swarm Testing, 2012.
 */
import { type RandomStream, streamOf } from '../engine/random.ts'
import type { Fault, FaultKind } from '../model/faults.ts'
import { meanWorkMs } from '../model/workload.ts'
import { type Scenario, scenario } from './scenario.ts'

const KINDS: readonly FaultKind[] = [
  'refuse',
  'connect-timeout',
  'hang',
  'reset',
  'crash',
  'truncate',
  'invalid',
  'error',
  'bad-gateway',
  'black-hole',
  'oom',
  'reject',
  'misconfigured',
  'cold',
  'busy',
  'grey',
  'crash-loop',
]

/** All faults are over by then. */
export const HEALED_MS = 60_000
const RUN_MS = 165_000
/** After this long without trouble every backend serves again. */
export const RECOVERY_MS = 90_000

export function swarm(seed: number): Scenario {
  const random = streamOf(seed, 'swarm')
  const load = pick(random, [0.4, 0.6, 0.8, 1.5])
  const most = pick(random, [1, 2.5])
  // A queue that grows for a minute is long enough with few backends.
  const backends = 1 + random.below(load > 1 ? 3 : 8)
  const slowness = Array.from({ length: backends }, () => random.between(1, most))
  const capacity = slowness.reduce((sum, own) => sum + 1 / own, 0)
  const kinds = KINDS.filter(() => random.chance(0.2))
  const videoShare = pick(random, [0, 0.1, 0.3])
  const keys = pick(random, [1, 3, 12])
  const perMs = (load * capacity) / meanWorkMs(videoShare)
  const network = {
    hopMs: pick(random, [2, 10, 80]),
    latencyMs: 10,
    uploadMs: 30,
    downloadMs: 20,
    jitter: 0.5,
  }
  return scenario(`swarm ${seed}`, {
    slowness,
    saying: random.below(slowness.length + 1),
    sigma: pick(random, [0, 0.1, 0.5, 1]),
    network,
    isAbortable: random.chance(0.5),
    isScaleToZero: kinds.includes('cold'),
    coldStartMs: 15_000,
    faults: kinds.flatMap((kind) => someFaults(kind, slowness.length, random)),
    warmUpMs: 0,
    restartEveryMs: random.chance(0.3) ? random.between(5_000, 30_000) : 0,
    cuts: random.chance(0.2) ? [someCut(random)] : [],
    clockSteps: random.chance(0.2) ? someSteps(random) : [],
    lossRate: random.chance(0.3) ? random.between(0.001, 0.1) : 0,
    lossUntil: HEALED_MS,
    workload: {
      requests: Math.ceil(RUN_MS * perMs),
      loadOfKeys: shares(load, keys, random),
      videoShare,
      deadlineMs: pick(random, [5_000, 30_000, 60_000]),
      leavers: random.chance(0.4) ? { share: random.between(0.01, 0.5), meanMs: 2_000 } : null,
      poisonShare: random.chance(0.2) ? 0.01 : 0,
      poisonUntil: HEALED_MS,
      returns: random.chance(0.3) ? 3 : 0,
    },
  })
}

/** The kind on one to all of the backends, each at its own time. */
function someFaults(kind: FaultKind, backends: number, random: RandomStream): Fault[] {
  const rate = pick(random, [0.1, 0.5, 1])
  return Array.from({ length: 1 + random.below(backends) }, () => {
    const from = random.between(0, HEALED_MS - 10_000)
    const until = random.between(from + 1_000, HEALED_MS)
    return { kind, backend: random.below(backends), from, until, everyMs: 0, rate }
  })
}

function someCut(random: RandomStream): Scenario['cuts'][number] {
  const from = random.between(5_000, 40_000)
  return { from, until: from + random.between(500, 20_000) }
}

/** Of a clock that is set by hand, by daylight, or by a server of time. */
const CLOCK_STEPS_MS = [-3_600_000, 3_600_000, -60_000, 60_000, -500, 500]

const someSteps = (random: RandomStream): Scenario['clockSteps'] =>
  Array.from({ length: 1 + random.below(4) }, () => ({
    at: random.between(0, HEALED_MS),
    byMs: pick(random, CLOCK_STEPS_MS),
  }))

/** Keys with shares as uneven as one to four. */
function shares(load: number, keys: number, random: RandomStream): number[] {
  const weights = Array.from({ length: keys }, () => random.between(1, 4))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => (load * weight) / sum)
}

const pick = <T>(random: RandomStream, values: readonly T[]): T => values[random.below(values.length)] as T
