/** Sends a committed answer on. From here nothing can be retried, and nothing may look complete that is not. */
import type { Ambient } from '../lib/ambient.ts'
import type { Signal } from '../lib/signal.ts'
import type { Answer } from './attempt.ts'
import { Outlet } from './outlet.ts'
import { type RelayEnd, type RelayLimits, transfer } from './transfer.ts'

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
 * Bytes are moved in pieces of up to 1 MB, which shows which end is slow. A pipe of the platform's would show neither; to
 * hand the backend's stream on would be quicker, and nobody would know how the transfer ended.
 */
export function relay(answer: Answer, limits: RelayLimits, clientLeft: Signal, ambient: Ambient): Relayed {
  const { byteLength, abort, following, beginning, rest } = answer
  if (!rest && !following && beginning.length <= AT_ONCE_BYTES) return atOnce(answer, clientLeft)
  const allBytes = byteLength === undefined ? undefined : byteLength + (following?.byteLength ?? 0)
  const outlet = new Outlet(allBytes, ambient)
  const stop = (): void => abort.abort(new Error('relay ended'))
  // A backend that is silent for the moment would not notice otherwise that the client left.
  const leave = (): void => {
    outlet.leave('client-gone')
    stop()
  }
  clientLeft.addEventListener('abort', leave)
  const ended = transfer(answer, { outlet, limits, ambient })
    .catch((): RelayEnd => 'broke-off')
    .then((end): RelayEnd => {
      if (end === 'served') return end
      outlet.breakOff()
      stop()
      return clientLeft.aborted ? 'client-gone' : end
    })
    .finally(() => {
      clientLeft.removeEventListener('abort', leave)
      answer.release()
    })
  return { body: outlet.readable, ended, sentBytes: () => outlet.sentBytes }
}

/** In one piece, without a stream, which is a twentieth of what a small decode costs. */
function atOnce({ beginning: body, release }: Answer, clientLeft: Signal): Relayed {
  release()
  const end = clientLeft.aborted ? 'client-gone' : 'served'
  return { body, ended: Promise.resolve(end), sentBytes: () => body.length }
}
