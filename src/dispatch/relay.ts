/** Sends a committed answer on. From here nothing can be retried, and nothing may look complete that is not. */
import type { Ambient } from '../lib/ambient.ts'
import type { Answer } from './attempt.ts'
import { transferTimeoutMs } from './deadline.ts'

/** - `served`: every byte went out - `broke-off`: the backend stopped - `client-gone`: the client did */
export type RelayEnd = 'served' | 'broke-off' | 'client-gone'

/**
 * The body of the response, and how it ended. With a known length a short transfer ends in a closed connection;
 * without one the final chunk is missing. Bytes do not pass through JavaScript but for the beginning, which was
 * looked at.
 *
 * @param maxBytes bounds the time of a transfer whose length is not known
 */
export function relay(
  answer: Answer,
  maxBytes: number,
  clientLeft: AbortSignal,
  ambient: Ambient,
): { body: ReadableStream<Uint8Array>; ended: Promise<RelayEnd> } {
  const { byteLength, abort } = answer
  const { readable, writable } =
    byteLength === undefined ? new IdentityTransformStream() : new FixedLengthStream(byteLength)
  const stopTimer = ambient.after(transferTimeoutMs(byteLength ?? maxBytes), () =>
    abort.abort(new Error('transfer timed out')),
  )
  const ended = pump(answer, writable)
    .then(
      (): RelayEnd => 'served',
      (): RelayEnd => {
        abort.abort(new Error('relay ended'))
        return clientLeft.aborted ? 'client-gone' : 'broke-off'
      },
    )
    .finally(() => {
      stopTimer()
      answer.release()
    })
  return { body: readable, ended }
}

async function pump(answer: Answer, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter()
  await writer.write(answer.beginning)
  if (!answer.rest) return writer.close()
  writer.releaseLock()
  return answer.rest.pipeTo(writable, { signal: answer.abort.signal })
}
