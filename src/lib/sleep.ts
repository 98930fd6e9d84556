import type { Ambient } from './ambient.ts'
import { type Signal, Trigger } from './signal.ts'

/** Resolves after `ms`, or as soon as the signal fires. */
export function sleep(ms: number, ambient: Pick<Ambient, 'after'>, wake?: Signal): Promise<void> {
  return new Promise((resolve) => {
    if (wake?.aborted) return resolve()
    const end = (): void => {
      stopTimer()
      wake?.removeEventListener('abort', end)
      resolve()
    }
    const stopTimer = ambient.after(ms, end)
    wake?.addEventListener('abort', end)
  })
}

/** Resolves when the promise does, or after `ms` if it has not. */
export async function settledWithin(
  promise: Promise<unknown>,
  ms: number,
  ambient: Pick<Ambient, 'after'>,
): Promise<void> {
  const settled = new Trigger()
  const settle = (): void => settled.abort()
  void promise.then(settle, settle)
  await sleep(ms, ambient, settled)
}
