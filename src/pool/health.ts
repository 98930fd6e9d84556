/** How evidence moves a backend from one state to another. */
import { withCause } from './cause.ts'
import { jitter } from './chance.ts'
import type { Evidence } from './events.ts'
import type { Health } from './health-states.ts'
import { SLOW_START_MS } from './pace.ts'
import type { BackendState, TrackRecord } from './state.ts'
import { isErratic, recordOutcome, relapsesAt } from './track-record.ts'

/** Failures in a row after which a backend is taken out. */
const HARD_STRIKES = 2
const SOFT_STRIKES = 3

const DOWN_MS = 1_000
const EJECTED_MS = 5_000
const MISCONFIGURED_MS = 60_000
const MAX_OUT_MS = 60_000
const MAX_BUSY_MS = 300_000

/** Between two looks at a backend that is down. */
export const HEALTH_PROBE_MS = 2_000

/** Answers after which a backend that came back is like any other. */
const SLOW_START_ANSWERS = 3

export interface Circumstances {
  /** In [0, 1). */
  readonly random: number
  /** Whether enough others serve for this one to be taken out on suspicion. */
  readonly mayEject: boolean
  readonly now: number
}

type HealthEvidence = Exclude<Evidence, { kind: 'out-of-memory' }>

export const learn = (
  backend: BackendState,
  evidence: HealthEvidence,
  circumstances: Circumstances,
): BackendState => withCause(backend, judge(backend, evidence, circumstances), evidence)

function judge(backend: BackendState, evidence: HealthEvidence, circumstances: Circumstances): BackendState {
  const { now } = circumstances
  switch (evidence.kind) {
    case 'served':
      return served(backend, now)
    case 'busy': {
      const record = recordOutcome(backend.record, false, now)
      const until = now + Math.min(evidence.retryAfterMs, MAX_BUSY_MS)
      return { ...backend, record, busyUntil: Math.max(backend.busyUntil, until) }
    }
    case 'cold':
      return asleep(backend, now)
    case 'misconfigured':
      return takenOut(failed(backend, 'hard', now), 'down', MISCONFIGURED_MS, circumstances)
    case 'unreachable':
    case 'hard':
      return backend.scaleToZero ? asleep(backend, now) : hard(failed(backend, 'hard', now), circumstances)
    case 'soft':
      return soft(failed(backend, 'soft', now), circumstances)
  }
}

function served(backend: BackendState, now: number): BackendState {
  const record = { ...recordOutcome(backend.record, true, now), hard: 0, soft: 0 }
  return { ...backend, record, health: healthAfterAnswer(backend.health, now) }
}

/** An answer shows that a backend is there. One that is ejected for bad ones has its time to serve all the same. */
function healthAfterAnswer(health: Health, now: number): Health {
  switch (health.kind) {
    case 'slow-start': {
      const isWarm = health.served + 1 >= SLOW_START_ANSWERS || now - health.since >= SLOW_START_MS
      return isWarm ? { kind: 'usable' } : { ...health, served: health.served + 1 }
    }
    case 'half-open':
    case 'down':
    case 'cold':
      return { kind: 'slow-start', since: now, served: 0 }
    case 'usable':
    case 'ejected':
    case 'drained':
    case 'disabled':
      return health
  }
}

function failed(backend: BackendState, kind: 'hard' | 'soft', now: number): BackendState {
  const counted = recordOutcome(backend.record, false, now)
  const record: TrackRecord = { ...counted, [kind]: counted[kind] + 1, failedAt: now }
  return { ...backend, record }
}

function hard(backend: BackendState, circumstances: Circumstances): BackendState {
  const isOut = backend.record.hard >= HARD_STRIKES || backend.health.kind === 'half-open'
  return isOut ? takenOut(backend, 'down', DOWN_MS, circumstances) : erratic(backend, circumstances)
}

function soft(backend: BackendState, circumstances: Circumstances): BackendState {
  if (backend.health.kind === 'half-open') return takenOut(backend, 'ejected', EJECTED_MS, circumstances)
  const isOut = backend.record.soft >= SOFT_STRIKES && circumstances.mayEject
  return isOut ? takenOut(backend, 'ejected', EJECTED_MS, circumstances) : erratic(backend, circumstances)
}

function erratic(backend: BackendState, circumstances: Circumstances): BackendState {
  const isOut = circumstances.mayEject && isErratic(backend.record, circumstances.now)
  return isOut ? takenOut(backend, 'ejected', EJECTED_MS, circumstances) : backend
}

/** Out for `baseMs`, doubled with each relapse. Evidence that comes in late changes nothing any more. */
function takenOut(
  backend: BackendState,
  kind: 'down' | 'ejected',
  baseMs: number,
  { random, now }: Circumstances,
): BackendState {
  const { health } = backend
  if (health.kind !== 'usable' && health.kind !== 'slow-start' && health.kind !== 'half-open') return backend
  const relapses = relapsesAt(backend.record, now)
  const until = now + jitter(Math.min(MAX_OUT_MS, baseMs * 2 ** relapses), random)
  const record = {
    ...backend.record,
    hard: 0,
    soft: 0,
    buckets: [],
    relapses: relapses + 1,
    relapsedAt: until,
  }
  // Who refuses us answers a look at its health all the same, so that is not asked for before the time is over.
  const probeAt = baseMs === MISCONFIGURED_MS ? until : now + HEALTH_PROBE_MS
  return { ...backend, record, health: kind === 'down' ? { kind, until, probeAt } : { kind, until } }
}

function asleep(backend: BackendState, now: number): BackendState {
  const { kind } = backend.health
  if (kind === 'cold' || kind === 'drained' || kind === 'disabled') return backend
  return { ...backend, health: { kind: 'cold', since: now, tries: 0, wakeAt: now } }
}

/** Who was taken out for a while may show what it can, who has warmed up is like any other. */
export function elapse(backend: BackendState, now: number): BackendState {
  const { health } = backend
  if (changesAt(health) > now) return backend
  if (health.kind === 'slow-start') return { ...backend, health: { kind: 'usable' } }
  return { ...backend, health: { kind: 'half-open', isProbing: false } }
}

/** When time alone changes a state. One that gets no jobs while it warms up would do so forever. */
export function changesAt(health: Health): number {
  if (health.kind === 'down' || health.kind === 'ejected') return health.until
  return health.kind === 'slow-start' ? health.since + SLOW_START_MS : Number.POSITIVE_INFINITY
}
