/**
 * How many jobs there were of late. A job that waits for a busy backend delays the jobs that come after it, so it matters
 * whether others come: one client that sends one job after the other delays no one, eight clients delay each other.
 */
import { CROWD_MEMORY_MS, MAX_CROWD } from './tuning.ts'

export interface Crowd {
  readonly at: number
  /** Jobs at this moment, waiting and running. */
  readonly jobs: number
  /** At index `n`: the share of the recent past in which there were more than `n` jobs. */
  readonly shares: readonly number[]
}

export const noCrowd = (now: number): Crowd => ({ at: now, jobs: 0, shares: [] })

/** Counts the time since the last look at the number of jobs that there were, and notes the new number. */
export function observe(crowd: Crowd, jobs: number, now: number): Crowd {
  const passed = now - crowd.at
  if (passed <= 0) return jobs === crowd.jobs ? crowd : { ...crowd, jobs }
  const kept = Math.exp(-passed / CROWD_MEMORY_MS)
  const length = Math.min(MAX_CROWD, Math.max(crowd.shares.length, crowd.jobs))
  const shares = Array.from({ length }, (_, n) => {
    const share = (crowd.shares[n] ?? 0) * kept
    return crowd.jobs > n ? share + (1 - kept) : share
  })
  return { at: now, jobs, shares }
}

/**
 * How many later jobs one job in a queue delays, where `slots` serve it: r / (1 - r) for a share r of time in which there
 * was another job for each of the slots, as in a queue with one server.
 */
export function delayedJobs({ shares }: Crowd, slots: number): number {
  const share = Math.min(MAX_CROWDED_SHARE, shares[Math.min(slots, MAX_CROWD - 1)] ?? 0)
  return share / (1 - share)
}

/** Where others are always there, the job delays very many of them. */
const MAX_CROWDED_SHARE = 0.99
