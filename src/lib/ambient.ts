/** Time, chance and the network, passed in so that decisions can be tested with fakes. */
import { advance, type Reading, UNSEEN_MS } from './own-time.ts'

export interface Ambient {
  /** Milliseconds that pass whatever the machine's clock says: for durations and deadlines. Never goes back. */
  now(): number
  /** Milliseconds since the epoch by the machine's clock, which anybody may set: for dates and months, never for waits. */
  wallNow(): number
  /** Uniform in [0, 1). */
  random(): number
  /** Runs `task` after `ms`; the returned function cancels it. */
  after(ms: number, task: () => void): () => void
  randomUuid(): string
  fetch: typeof fetch
}

/**
 * The time of an isolate, whose requests share it. Nothing here is watched all the time, so a clock that is set forward is
 * believed, and one that is set back counts as more than a minute: what is remembered for less is forgotten.
 */
export function unwatchedTime(wallNow: () => number): () => number {
  let reading: Reading | undefined
  return () => {
    const wall = wallNow()
    reading = reading ? advance(reading, wall, undefined, UNSEEN_MS) : { now: wall, wall }
    return reading.now
  }
}

/** A request, an object and all else that waits has a time of its own over this one (`own-ambient.ts`). */
export const realAmbient: Ambient = {
  now: unwatchedTime(() => Date.now()),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  randomUuid: () => crypto.randomUUID(),
  fetch: (input, init) => fetch(input, init),
}
