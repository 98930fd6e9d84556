/**
 * Timers that share one of the platform's: a request sets ten that hardly ever go off, and ten of the platform's would be
 * a twentieth of what a small decode costs.
 */
import type { Ambient } from './ambient.ts'
import { OwnClock } from './own-clock.ts'

interface Wait {
  readonly at: number
  readonly task: () => void
}

/** What is due sooner has a timer of its own; and how often the shared one looks, while anything is waited for. */
const LOOK_MS = 1_000

/** @returns `after` for the life of one request: the shared timer is never stopped, and ends with its context */
export function sharedTimer(ambient: Pick<Ambient, 'now' | 'after'>): Ambient['after'] {
  const waits = new Set<Wait>()
  const look = (): void => {
    const now = clock.now()
    for (const wait of [...waits]) {
      // One of them may have stopped another.
      if (wait.at <= now && waits.delete(wait)) wait.task()
    }
    if (waits.size > 0) clock.wakeAt(Math.min(...[...waits].map(({ at }) => at)))
  }
  const clock = new OwnClock(ambient, look)
  return (ms, task) => {
    if (ms < LOOK_MS) return ambient.after(ms, task)
    const now = clock.now()
    const wait = { at: now + ms, task }
    waits.add(wait)
    clock.wakeAt(now + LOOK_MS)
    return () => void waits.delete(wait)
  }
}
