/** I7, I8: who comes when, between keys and within one. */
import type { Job } from '../../../src/pool/state.ts'
import { expectedMs, isBeyondDoubt } from './beliefs.ts'
import { grantsOf, type History, type Invariant, type Observed } from './observed.ts'
import { isBestFor, SHORT_MS } from './wake-ups.ts'

const QUANTUM_MS = 500
/** How far one key may run ahead of another that waits all the while: the largest job each, and some rounds. */
const mostAheadMs = (largestMs: number): number => 3 * largestMs + 4 * QUANTUM_MS

/**
 * I7: of two keys that have had jobs waiting all the while neither gets much more decode time than the other. Nothing
 * is said while something other than turns decides.
 */
export const keepsShares: Invariant = (_, { granted, leads, waiting }) => {
  let largestMs = 10_000
  for (const { predictedMs } of waiting.values()) largestMs = Math.max(largestMs, predictedMs)
  for (const [key, others] of leads) {
    for (const [other, leadMs] of others) {
      const ahead = leadOf(granted, other, key) - leadMs
      if (Math.abs(ahead) > mostAheadMs(largestMs)) return `${other} is ${ahead} ms ahead of ${key}`
    }
  }
  return undefined
}

const leadOf = (granted: History['granted'], key: string, other: string): number =>
  (granted.get(key) ?? 0) - (granted.get(other) ?? 0)

/** Speeds that differ by more than this make it worth a job's while to wait for the faster backend out of turn. */
const EVEN_SPEEDS = 1.3

/** Whether something other than turns decides who goes next. */
function isUneven(backends: Observed['after']['backends'], jobs: Iterable<Job>, now: number): boolean {
  if (backends.some(({ ceilings }) => ceilings.length > 0)) return true
  // A long queue asks for the same few sizes over and over.
  const seen = new Set<number>()
  for (const job of jobs) {
    if (job.exclude.length > 0) return true
    if (seen.has(job.predictedMs)) continue
    seen.add(job.predictedMs)
    const times = backends.map((backend) => expectedMs(backend, job))
    if (Math.max(...times) > EVEN_SPEEDS * Math.min(...times)) return true
    if (!backends.every((backend) => isBeyondDoubt(backend, job, now))) return true
  }
  return false
}

/** The ledger of `keepsShares`. */
export function keepLedger({ after, actions, now }: Observed, history: History): void {
  const { granted, leads, waiting } = history
  if (isUneven(after.backends, waiting.values(), now)) leads.clear()
  for (const { ticket } of grantsOf(actions)) {
    const job = waiting.get(ticket)
    // One that a backend has failed has paid for its turn before.
    if (job && job.failures.length === 0) granted.set(job.key, (granted.get(job.key) ?? 0) + job.predictedMs)
  }
  const keys = new Set(after.lanes.map(({ key }) => key))
  for (const key of leads.keys()) {
    if (keys.has(key)) continue
    leads.delete(key)
    for (const others of leads.values()) others.delete(key)
  }
  for (const key of keys) {
    if (leads.has(key)) continue
    const others = [...leads.keys()].map((other): [string, number] => [other, leadOf(granted, other, key)])
    leads.set(key, new Map(others))
  }
}

/**
 * I8: of two short jobs of a key the one that is neither longer nor younger goes first, unless it waits for a backend
 * that is faster than the one the other got.
 */
export const keepsOrder: Invariant = ({ after, actions, now }, { waiting }) => {
  for (const { ticket, backendId } of grantsOf(actions)) {
    const job = waiting.get(ticket)
    const backend = after.backends.find(({ id }) => id === backendId)
    // Behind another job it may well be that whoever waits would rather be somewhere else.
    if (!job || backend?.leases.length !== 1) continue
    // One that a backend has failed goes before all others.
    if (job.predictedMs > SHORT_MS || job.failures.length > 0) continue
    for (const { key, jobs } of after.lanes) {
      if (key !== job.key) continue
      const passedOver = jobs.find((other) => isBefore(other, job) && isBestFor(after, backend, other, now))
      if (passedOver) return `${ticket} went before ${passedOver.ticket}`
    }
  }
  return undefined
}

const isBefore = (a: Job, b: Job): boolean =>
  a.predictedMs <= b.predictedMs &&
  a.enqueuedAt < b.enqueuedAt &&
  a.deadlineAt - a.enqueuedAt <= b.deadlineAt - b.enqueuedAt
