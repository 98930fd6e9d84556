/** The places of a backend: what runs, what waits there, when a slot is free and when there is room for another job. */
import type { BackendState, Lease } from './state.ts'
import { isDueForLook } from './task-health.ts'
import { EARLY_MS, MAX_STAGED_PER_SLOT, OVERRUN_FACTOR } from './tuning.ts'

/** A pool that has just begun does not know what its backends still do for the life before. */
export const GRACE_MS = 3_000

/** When a job that is granted now could start on the GPU, but for its way there. */
export function freeAt({ leases, slots }: BackendState, now: number): number {
  if (leases.length < slots) return now
  if (leases.length === 1) return endOf(leases[0] as Lease, now)
  // What runs ends first; each job that waits on the backend then takes the slot that is free first.
  const ends = leases.filter(({ phase }) => phase !== 'staged').map((lease) => endOf(lease, now))
  for (const { phase, startsAt, endsAt } of leases) {
    if (phase !== 'staged') continue
    ends.sort((a, b) => a - b)
    const from =
      ends.length < slots ? now : Math.max(now, ends.splice(0, ends.length - slots + 1).at(-1) ?? now)
    ends.push(from + (endsAt - startsAt))
  }
  ends.sort((a, b) => a - b)
  return ends.length < slots ? now : (ends[ends.length - slots] as number)
}

function endOf(lease: Lease, now: number): number {
  if (lease.endsAt > now || lease.phase === 'draining') return Math.max(lease.endsAt, now)
  return now + OVERRUN_FACTOR * (now - lease.endsAt)
}

/**
 * Whether the next job may be sent: to a free slot, or early to wait behind others that end within the time that the job is
 * on its way. None is sent behind a decode that cannot be stopped, that may take its backend down, or whose end is a guess.
 */
export function hasRoom(backend: BackendState, now: number, startedAt: number): boolean {
  const { leases, slots } = backend
  // A decode of our own needs a free slot, which other jobs would never leave.
  if (backend.tasks.some((task) => isDueForLook(task, now))) return leases.length + 1 < slots
  if (leases.length < slots) return true
  if (leases.length >= (1 + MAX_STAGED_PER_SLOT) * slots || now < startedAt + GRACE_MS) return false
  if (leases.some((lease) => lease.phase === 'draining' || lease.isRetry || !lease.isLearnt)) return false
  return freeAt(backend, now) - now <= leadMs(backend)
}

/** How long before a slot is expected to be free the next job is sent: the time that it is on its way, and a little. */
export const leadMs = ({ times }: BackendState): number => times.deadMs + EARLY_MS

/** Decode time that is left of what is granted. */
export const outstandingMs = ({ leases }: BackendState, now: number): number =>
  leases.reduce((sum, lease) => sum + Math.max(0, lease.endsAt - Math.max(now, lease.startsAt)), 0)
