import type { Ambient } from './ambient.ts'
import { err, ok, type Result } from './result.ts'

/** What a promise gives within `ms`. One that is late goes on unheard. */
export function answerWithin<T>(
  promise: Promise<T>,
  ms: number,
  ambient: Pick<Ambient, 'after'>,
): Promise<Result<T, 'failed' | 'late'>> {
  return new Promise((resolve) => {
    const stopTimer = ambient.after(ms, () => resolve(err('late')))
    const end = (answer: Result<T, 'failed'>): void => {
      stopTimer()
      resolve(answer)
    }
    promise.then(
      (value) => end(ok(value)),
      () => end(err('failed')),
    )
  })
}
