import type { Ambient } from '../lib/ambient.ts'
import type { Signal } from '../lib/signal.ts'

/** Nobody waits longer for an upload that is not wanted. */
const PATIENCE_MS = 5_000
const PIECE_BYTES = 131_072

/**
 * Reads what is left of an upload and forgets it. A connection that is closed with bytes unread is reset, and the
 * answer is lost with it: the client would not hear that it may come again. Never rejects.
 *
 * @param unwanted fires when nobody waits for the answer
 */
export async function drain(
  { body }: Request,
  ambient: Pick<Ambient, 'after'>,
  unwanted: Signal,
): Promise<void> {
  if (!body || body.locked) return
  const reader = body.getReader({ mode: 'byob' })
  const stop = (): void => void reader.cancel().catch(() => undefined)
  const stopTimer = ambient.after(PATIENCE_MS, stop)
  unwanted.addEventListener('abort', stop)
  try {
    let buffer = new Uint8Array(PIECE_BYTES)
    for (;;) {
      const { done, value } = await reader.readAtLeast(PIECE_BYTES, buffer)
      if (done || !value || value.length < PIECE_BYTES) return
      buffer = new Uint8Array(value.buffer as ArrayBuffer)
    }
  } catch {
    // The client is gone.
  } finally {
    stopTimer()
    unwanted.removeEventListener('abort', stop)
  }
}
