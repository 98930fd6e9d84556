/**
 * Many timers on one of the platform's. Most timers of a request are there for what hardly ever happens and are taken
 * back within milliseconds; each of the platform's own costs it more than all of these.
 */
import { advance, type Reading } from './own-time.ts'

interface Timer {
  readonly at: number
  readonly task: () => void
}

/** @returns as `after`, for those who live as long as one request; of the timer underneath nothing is taken back */
export function onOneTimer(
  now: () => number,
  after: (ms: number, task: () => void) => () => void,
): (ms: number, task: () => void) => () => void {
  const timers = new Set<Timer>()
  /** Somebody may set the clock while a request is under way. */
  let reading: Reading = { now: 0, wall: now() }
  /** When the one underneath goes off. */
  let wakesAt: number | undefined
  let stop = (): void => {}

  const read = (): number => {
    reading = advance(reading, now(), wakesAt)
    return reading.now
  }

  const wakeAt = (at: number): void => {
    if (wakesAt !== undefined && at >= wakesAt) return
    stop()
    wakesAt = at
    stop = after(at - reading.now, wake)
  }

  const wake = (): void => {
    // It may be early by the part of a millisecond that clocks leave out.
    const reached = Math.max(read(), wakesAt ?? 0)
    reading = { ...reading, now: reached }
    wakesAt = undefined
    const due = [...timers].filter(({ at }) => at <= reached).sort((a, b) => a.at - b.at)
    // Whoever is called may take back what is due as well.
    for (const timer of due) if (timers.delete(timer)) timer.task()
    for (const { at } of timers) wakeAt(at)
  }

  return (ms, task) => {
    const timer = { at: read() + Math.max(0, ms), task }
    timers.add(timer)
    wakeAt(timer.at)
    return () => timers.delete(timer)
  }
}
