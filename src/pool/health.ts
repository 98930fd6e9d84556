/** How evidence moves a backend as a whole from one state to another: whether it can be reached, and whether it sleeps. */
import { jitter } from './chance.ts'
import type { Health, TaskHealth } from './health-states.ts'
import type { BackendState, TrackRecord } from './state.ts'
import { relapsesAt } from './track-record.ts'
import {
  DOWN_MS,
  HEALTH_PROBE_MS,
  MAX_OUT_MS,
  SLOW_START_ANSWERS,
  SLOW_START_MS,
  UNREACHABLE_STRIKES,
} from './tuning.ts'

/** It answered, so it is there. A warm-up goes on until it has answered often enough. */
export function reached(backend: BackendState, now: number): BackendState {
  const { record, health } = backend
  const after = record.hard > 0 ? { ...backend, record: { ...record, hard: 0 } } : backend
  switch (health.kind) {
    case 'slow-start': {
      const isWarm = health.served + 1 >= SLOW_START_ANSWERS || now - health.since >= SLOW_START_MS
      return { ...after, health: isWarm ? { kind: 'usable' } : { ...health, served: health.served + 1 } }
    }
    case 'half-open':
    case 'down':
    case 'cold':
      return { ...after, health: { kind: 'slow-start', since: now, served: 0 } }
    case 'usable':
    case 'drained':
    case 'disabled':
      return after
  }
}

/**
 * No connection could be made. Twice in a row, or when it was just being tried again, means that it is down.
 *
 * @param isSure whether a look of our own found it
 */
export function unreachable(
  backend: BackendState,
  isSure: boolean,
  random: number,
  now: number,
): BackendState {
  if (backend.scaleToZero) return asleep(backend, now)
  const record: TrackRecord = { ...backend.record, hard: backend.record.hard + 1, failedAt: now }
  const failed = { ...backend, record }
  const { kind } = backend.health
  if (kind !== 'usable' && kind !== 'slow-start' && kind !== 'half-open') return failed
  if (record.hard < UNREACHABLE_STRIKES && kind !== 'half-open') return failed
  const relapses = relapsesAt(record, now)
  const until = now + jitter(Math.min(MAX_OUT_MS, DOWN_MS * 2 ** relapses), random)
  return {
    ...failed,
    cause: 'unreachable',
    record: { ...record, hard: 0, relapses: relapses + 1, relapsedAt: until },
    // A request can end its own connection. A look at once tells a backend that is gone from one that is not.
    health: { kind: 'down', until, probeAt: isSure ? now + HEALTH_PROBE_MS : now, isSure },
  }
}

export function asleep(backend: BackendState, now: number): BackendState {
  const { kind } = backend.health
  if (kind === 'cold' || kind === 'drained' || kind === 'disabled') return backend
  return { ...backend, cause: 'asleep', health: { kind: 'cold', since: now, tries: 0, wakeAt: now } }
}

/** A backend that was taken out for a while is tried again; one that has had its time to warm up is like any other. */
export function elapse(backend: BackendState, now: number): BackendState {
  const { health } = backend
  if (changesAt(health) > now) return backend
  if (health.kind === 'slow-start') return { ...backend, health: { kind: 'usable' } }
  return { ...backend, health: { kind: 'half-open', isProbing: false } }
}

/** When time alone changes a state. */
export function changesAt(health: Health | TaskHealth): number {
  if (health.kind === 'down' || health.kind === 'ejected') return health.until
  return health.kind === 'slow-start' ? health.since + SLOW_START_MS : Number.POSITIVE_INFINITY
}
