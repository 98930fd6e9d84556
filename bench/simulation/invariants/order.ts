/** I7, I8: who comes when, between keys and within one. */
import type { Job } from '../../../src/pool/state.ts'
import { grantsOf, type History, type Invariant, type Observed } from './observed.ts'
import { isBestFor, isBeyondDoubt, SHORT_MS } from './wake-ups.ts'

const QUANTUM_MS = 500
/** How far one key may run ahead of another that waits all the while: the largest job each, and some rounds. */
const LEAD_MS = (largestMs: number): number => 3 * largestMs + 4 * QUANTUM_MS

/**
 * I7: of keys that have jobs waiting all the time, none gets much more decode time than another. Nothing is
 * said while something other than turns decides.
 */
export const keepsShares: Invariant = ({ after, now }, { granted, waiting }) => {
  if (granted.size < 2 || isUneven(after.backends, waiting, now)) return undefined
  let least = Number.POSITIVE_INFINITY
  let most = 0
  for (const ms of granted.values()) {
    least = Math.min(least, ms)
    most = Math.max(most, ms)
  }
  let largestMs = 0
  for (const { predictedMs } of waiting.values()) largestMs = Math.max(largestMs, predictedMs)
  return most - least > LEAD_MS(Math.max(largestMs, 10_000)) ? `a key is ${most - least} ms ahead` : undefined
}

/** Speeds that differ by more than this make it worth a job's while to wait for the faster backend out of turn. */
const EVEN_SPEEDS = 1.3

/** Whether something other than turns decides who goes next. */
const isUneven = (
  backends: Observed['after']['backends'],
  waiting: History['waiting'],
  now: number,
): boolean =>
  Math.max(...backends.map(({ pace }) => pace.speed)) >
    EVEN_SPEEDS * Math.min(...backends.map(({ pace }) => pace.speed)) ||
  backends.some(
    ({ health, ceilings, busyUntil }) => health.kind !== 'usable' || ceilings.length > 0 || busyUntil > now,
  ) ||
  [...waiting.values()].some(({ exclude }) => exclude.length > 0)

/** The ledger of `keepsShares`: a key starts level with the one that has had least. */
export function keepLedger({ after, actions, now }: Observed, history: History): void {
  const { granted, waiting } = history
  if (isUneven(after.backends, waiting, now)) granted.clear()
  for (const { ticket } of grantsOf(actions)) {
    const job = waiting.get(ticket)
    const before = job && granted.get(job.key)
    if (job && before !== undefined) granted.set(job.key, before + job.predictedMs)
  }
  const keys = new Set(after.lanes.map(({ key }) => key))
  for (const key of granted.keys()) if (!keys.has(key)) granted.delete(key)
  const level = granted.size > 0 ? Math.max(...granted.values()) : 0
  for (const key of keys) if (!granted.has(key)) granted.set(key, level)
}

/**
 * I8: of two short jobs of a key the one that is neither longer nor younger goes first, unless it waits for a backend
 * that is faster than the one the other got.
 */
export const keepsOrder: Invariant = ({ after, actions, now }, { waiting }) => {
  for (const { ticket, backendId } of grantsOf(actions)) {
    const job = waiting.get(ticket)
    const backend = after.backends.find(({ id }) => id === backendId)
    if (!job || !backend || job.predictedMs > SHORT_MS || !isBeyondDoubt(backend, now)) continue
    for (const { key, jobs } of after.lanes) {
      if (key !== job.key) continue
      const passedOver = jobs.find((other) => isBefore(other, job) && isBestFor(after, backend, other))
      if (passedOver) return `${ticket} went before ${passedOver.ticket}`
    }
  }
  return undefined
}

const isBefore = (a: Job, b: Job): boolean =>
  a.predictedMs <= b.predictedMs &&
  a.enqueuedAt < b.enqueuedAt &&
  a.deadlineAt - a.enqueuedAt <= b.deadlineAt - b.enqueuedAt
