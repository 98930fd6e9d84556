/** Sends a committed answer on. From here nothing can be retried, and nothing may look complete that is not. */
import type { Ambient } from '../lib/ambient.ts'
import type { Signal } from '../lib/signal.ts'
import type { Answer } from './attempt.ts'
import { type Passage, type RelayEnd, type RelayLimits, transfer } from './transfer.ts'

export type { RelayEnd } from './transfer.ts'

/** A connection takes so much at once, however slow its client is: there is nothing to watch. */
const AT_ONCE_BYTES = 65_536

export interface Relayed {
  readonly body: ReadableStream<Uint8Array> | Uint8Array
  readonly ended: Promise<RelayEnd>
  /** Of an answer that was served. */
  readonly sentBytes: () => number
}

/**
 * The body of the response, how it ended, and how long it was if it was served. With a known length a short transfer
 * ends in a closed connection; without one the final chunk is missing.
 *
 * Bytes are moved in pieces of up to 1 MB, which shows which end is slow; after the first 16 MB in a native pipe, which
 * shows nothing and costs a fifth less. A pipe through a TransformStream would cost 30 times as much.
 */
export function relay(answer: Answer, limits: RelayLimits, clientLeft: Signal, ambient: Ambient): Relayed {
  const { byteLength, abort, following, beginning, rest } = answer
  if (!rest && !following && beginning.length <= AT_ONCE_BYTES) return atOnce(answer, clientLeft)
  const allBytes = byteLength === undefined ? undefined : byteLength + (following?.byteLength ?? 0)
  const { readable, writable } =
    allBytes === undefined ? new IdentityTransformStream() : new FixedLengthStream(allBytes)
  const passage: Passage = { writable, limits, ambient, sentBytes: 0 }
  const stop = (): void => abort.abort(new Error('relay ended'))
  // A backend that is silent for the moment would not notice otherwise that the client left.
  clientLeft.addEventListener('abort', stop)
  const ended = transfer(answer, passage)
    .catch((): RelayEnd => 'broke-off')
    .then(async (end): Promise<RelayEnd> => {
      if (end === 'served') return end
      // Not closed but broken, so that the client sees that there is more.
      await breakOff(writable)
      stop()
      return clientLeft.aborted ? 'client-gone' : end
    })
    .finally(() => {
      clientLeft.removeEventListener('abort', stop)
      answer.release()
    })
  return { body: readable, ended, sentBytes: () => allBytes ?? passage.sentBytes }
}

/** In one piece, without a stream, which is a twentieth of what a small decode costs. */
function atOnce({ beginning: body, release }: Answer, clientLeft: Signal): Relayed {
  release()
  const end = clientLeft.aborted ? 'client-gone' : 'served'
  return { body, ended: Promise.resolve(end), sentBytes: () => body.length }
}

/** Not closed but broken, so that the client sees that there is more. */
const breakOff = (writable: WritableStream<Uint8Array>): Promise<void> =>
  writable.abort(new Error('the answer broke off')).catch(() => undefined)
