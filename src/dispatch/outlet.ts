/** The client's end of an answer: a stream that is asked for one piece after the other, which shows how slow its reader is. */
import type { Ambient } from '../lib/ambient.ts'
import { advance, CLIENT_PATIENCE, NO_PROGRESS, patienceMs } from './stall.ts'

export type ClientEnd = 'client-gone' | 'client-slow'

/**
 * Pieces are handed on as they are, and not copied into a pipe of the platform's, which would send them on in pieces of
 * 64 KB. Whoever writes a piece may not use its buffer again.
 */
export class Outlet {
  readonly readable: ReadableStream<Uint8Array>
  readonly #ambient: Ambient
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #progress = NO_PROGRESS
  #end: ClientEnd | undefined
  /** Tells who waits for a piece to go out that there is something new. */
  #wake = (): void => {}
  /** That have gone out. */
  sentBytes = 0

  /** @param byteLength of all pieces, where it is known: the runtime declares it, and breaks a connection that gets less */
  constructor(byteLength: number | undefined, ambient: Ambient) {
    this.#ambient = ambient
    const source: UnderlyingSource<Uint8Array> = {
      start: (controller) => {
        this.#controller = controller
      },
      // Whoever wants another piece has sent the last one.
      pull: () => this.#wake(),
      cancel: () => this.leave('client-gone'),
      ...(byteLength !== undefined && { expectedLength: byteLength }),
    }
    this.readable = new ReadableStream(source, { highWaterMark: 0 })
  }

  /** Undefined when the piece has gone out. */
  async write(piece: Uint8Array): Promise<ClientEnd | undefined> {
    if (this.#end) return this.#end
    const ms = patienceMs(CLIENT_PATIENCE, this.#progress, piece.length)
    const stopTimer = this.#ambient.after(ms, () => this.leave('client-slow'))
    const offeredAt = this.#ambient.now()
    const taken = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#controller?.enqueue(piece)
    await taken
    stopTimer()
    if (this.#end) return this.#end
    this.sentBytes += piece.length
    const tookMs = this.#ambient.now() - offeredAt
    this.#progress = advance(CLIENT_PATIENCE, this.#progress, piece.length, tookMs)
    return undefined
  }

  /** Nobody reads any more, or too slowly. */
  leave(end: ClientEnd): void {
    this.#end ??= end
    this.#wake()
  }

  /** Every piece has gone out. */
  close(): void {
    if (!this.#end) this.#controller?.close()
  }

  /** Not closed but broken, so that the client sees that there is more. */
  breakOff(): void {
    this.#controller?.error(new Error('the answer broke off'))
  }
}
