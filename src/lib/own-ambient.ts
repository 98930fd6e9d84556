/**
 * Time and timers of one request or object, on a platform whose clock may be set. Its timers share one of the platform's: a
 * request sets ten that hardly ever go off, and ten of the platform's would be a twentieth of what a small decode costs.
 *
 * The platform's timers go by its clock: when that is set forward all of them go off with the next one. So there is a beat
 * while anything is waited for, which counts for no more than it can last. When the clock is set back a request and an object
 * see it stand still, and their timers with it, until it is there again: a request ends by what it waits for then, or by its
 * client; for objects see `stuck-clock.ts`.
 */
import type { Ambient } from './ambient.ts'
import { OwnClock } from './own-clock.ts'

interface Wait {
  readonly at: number
  readonly task: () => void
  /** Of its own timer, where it has one. */
  readonly cancel?: () => void
}

/** What is due sooner has a timer of its own; and how long a beat is. */
const BEAT_MS = 1_000

/** @returns an ambient for the life of one context; its beat is never stopped, and ends with that */
export function ownAmbient<Given extends Pick<Ambient, 'now' | 'wallNow' | 'after'>>(
  ambient: Given,
): Given & Pick<Ambient, 'now' | 'after'> {
  const waits = new Set<Wait>()
  const look = (): void => {
    const now = clock.now()
    for (const wait of [...waits]) {
      // One of them may have stopped another.
      if (wait.at > now || !waits.delete(wait)) continue
      wait.cancel?.()
      wait.task()
    }
    if (waits.size > 0) clock.wakeAt(Math.min(now + BEAT_MS, ...[...waits].map(({ at }) => at)))
  }
  const clock = new OwnClock({ now: ambient.wallNow, after: ambient.after }, look)
  const aheadMs = ambient.now() - clock.now()
  return {
    ...ambient,
    now: () => clock.now() + aheadMs,
    after: (ms, task) => {
      const now = clock.now()
      const isShort = ms < BEAT_MS
      const ring = (): void => {
        if (waits.delete(wait)) task()
      }
      const wait: Wait = { at: now + ms, task, ...(isShort && { cancel: ambient.after(ms, ring) }) }
      waits.add(wait)
      clock.wakeAt(now + BEAT_MS)
      return () => {
        wait.cancel?.()
        waits.delete(wait)
      }
    },
  }
}
