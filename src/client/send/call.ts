/** The time of one request: until its caller wants it no more, or its deadline is over. */
import type { Ambient } from '../../lib/ambient.ts'
import { DeadlineError } from '../errors.ts'

export interface Call {
  /** Fires at the end of either. */
  readonly signal: AbortSignal
  /** Infinite without a deadline. */
  remainingMs(): number
  /** @throws the caller's reason, or DeadlineError, when one of them is over */
  check(): void
  /** Lets go of the deadline, for a stream that takes as long as it is read. */
  endDeadline(): void
  /** Lets go of the caller's signal too. */
  close(): void
}

export function openCall(
  wanted: AbortSignal | undefined,
  deadlineMs: number | undefined,
  ambient: Pick<Ambient, 'now' | 'after'>,
): Call {
  // By hand: a signal that many requests share keeps what AbortSignal.any makes of it.
  const controller = new AbortController()
  const abort = (): void => controller.abort(wanted?.reason)
  if (wanted?.aborted) abort()
  wanted?.addEventListener('abort', abort, { once: true })
  const endsAt = deadlineMs === undefined ? Number.POSITIVE_INFINITY : ambient.now() + deadlineMs
  const expire = (): void => controller.abort(expired(deadlineMs ?? 0))
  const stopTimer = deadlineMs === undefined ? () => undefined : ambient.after(deadlineMs, expire)
  return {
    signal: controller.signal,
    remainingMs: () => endsAt - ambient.now(),
    check: () => controller.signal.throwIfAborted(),
    endDeadline: () => void stopTimer(),
    close() {
      stopTimer()
      wanted?.removeEventListener('abort', abort)
    },
  }
}

const expired = (deadlineMs: number): DeadlineError =>
  new DeadlineError({ message: `No answer within ${deadlineMs} ms.`, code: 'deadline-exceeded' })
