/** What anybody may know of how a model can be decoded at this moment. Numbers of backends, and nothing of who uses them. Pure. */
import type { Backend } from '../backends/backend.ts'
import type { BackendStatus, PoolStatus } from './protocol.ts'

/** `unknown`: its pool says nothing of it. */
export type SeenState = BackendStatus['health'] | 'unknown'

/**
 * - `available`: some backend takes a decode now
 * - `recovering`: one is being tried again
 * - `cold`: a decode would first have to wake one
 * - `unavailable`: none takes any
 * - `unknown`: those who would know are silent, which says nothing about a decode
 */
export type AvailabilityStatus = 'available' | 'recovering' | 'cold' | 'unavailable' | 'unknown'

export interface Availability {
  readonly status: AvailabilityStatus
  /** Backends that take a decode now, and those of them that have a slot free. */
  readonly canTakeWork: number
  readonly idle: number
  /** Whether a decode that came now would first have to wake a backend; null when nobody knows. */
  readonly wouldBeCold: boolean | null
  /** Until a decode that came now would start, in milliseconds; null unless a backend takes it. */
  readonly waitMs: number | null
  /** Backends by their state. */
  readonly states: Readonly<Partial<Record<SeenState, number>>>
}

/** Shorter differences would only tell what others are doing. */
const WAIT_STEP_MS = 100

/**
 * @param backends that serve the model
 * @param heard what each of their pools said; undefined for one that was silent
 */
export function availabilityOf(
  backends: readonly Pick<Backend, 'id'>[],
  heard: readonly (PoolStatus | undefined)[],
): Availability {
  const seen = new Map(
    heard.flatMap((pool) => pool?.backends.map((backend) => [backend.id, backend] as const) ?? []),
  )
  const states: Partial<Record<SeenState, number>> = {}
  const serving: BackendStatus[] = []
  for (const { id } of backends) {
    const backend = seen.get(id)
    const state = backend?.health ?? 'unknown'
    states[state] = (states[state] ?? 0) + 1
    if (backend && (state === 'usable' || state === 'slow-start')) serving.push(backend)
  }
  const status = statusFrom(serving.length, states)
  const waits = heard.flatMap((pool) => pool?.waitMs ?? [])
  const waitMs = Math.ceil(Math.min(...waits) / WAIT_STEP_MS) * WAIT_STEP_MS
  return {
    status,
    canTakeWork: serving.length,
    idle: serving.filter(({ leases, slots }) => leases < slots).length,
    wouldBeCold: status === 'unknown' ? null : status === 'cold',
    waitMs: serving.length > 0 && Number.isFinite(waitMs) ? waitMs : null,
    states,
  }
}

function statusFrom(serving: number, states: Availability['states']): AvailabilityStatus {
  if (serving > 0) return 'available'
  if (states['half-open']) return 'recovering'
  if (states.cold) return 'cold'
  return states.unknown ? 'unknown' : 'unavailable'
}
