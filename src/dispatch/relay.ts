/** Sends a committed answer on. From here nothing can be retried, and nothing may look complete that is not. */
import type { Ambient } from '../lib/ambient.ts'
import type { Answer } from './attempt.ts'
import { transferTimeoutMs } from './deadline.ts'

const PIECE_BYTES = 262_144

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
  const stop = (): void => abort.abort(new Error('relay ended'))
  // A backend that is silent for the moment would not notice otherwise that the client left.
  clientLeft.addEventListener('abort', stop)
  const stopTimer = ambient.after(transferTimeoutMs(byteLength ?? maxBytes), stop)
  const ended = pump(answer, writable)
    .then(
      (): RelayEnd => 'served',
      (): RelayEnd => {
        stop()
        return clientLeft.aborted ? 'client-gone' : 'broke-off'
      },
    )
    .finally(() => {
      stopTimer()
      clientLeft.removeEventListener('abort', stop)
      answer.release()
    })
  return { body: readable, ended }
}

async function pump(answer: Answer, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter()
  await writer.write(answer.beginning)
  if (!answer.rest) return writer.close()
  if (answer.byteLength !== undefined && !answer.isLengthDeclared)
    return pumpCounted(answer, answer.rest, writer)
  writer.releaseLock()
  return answer.rest.pipeTo(writable, { signal: answer.abort.signal })
}

/**
 * A stream that must be so long but did not say so can end early without an error. Closing the client's stream short
 * would end this context before anything is given back, so the bytes are counted, in pieces large enough to be cheap.
 */
async function pumpCounted(
  answer: Answer,
  rest: ReadableStream<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  const reader = rest.getReader({ mode: 'byob' })
  answer.abort.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined))
  let left = (answer.byteLength ?? 0) - answer.beginning.length
  while (left > 0) {
    const wanted = Math.min(left, PIECE_BYTES)
    const { value } = await reader.readAtLeast(wanted, new Uint8Array(wanted))
    if (!value || value.length < wanted) {
      const early = new Error('the backend ended early')
      await writer.abort(early)
      throw early
    }
    await writer.write(value)
    left -= value.length
  }
  // What is too much is not read at all.
  await reader.cancel()
  return writer.close()
}
