/** The backend's end of an answer, with a watch on how slow it is. */
import type { Ambient } from '../lib/ambient.ts'
import {
  advance,
  FIRST_PIECE_BYTES,
  NO_PROGRESS,
  nextPieceBytes,
  type Patience,
  patienceMs,
} from './stall.ts'

export class WatchedReader {
  readonly #reader: ReadableStreamBYOBReader
  readonly #patience: Patience
  readonly #abort: AbortController
  readonly #ambient: Ambient
  #progress = NO_PROGRESS
  /** As many as should be waited for next. */
  pieceBytes = FIRST_PIECE_BYTES

  constructor(
    rest: ReadableStream<Uint8Array>,
    patience: Patience,
    abort: AbortController,
    ambient: Ambient,
  ) {
    this.#reader = rest.getReader({ mode: 'byob' })
    this.#patience = patience
    this.#abort = abort
    this.#ambient = ambient
    abort.signal.addEventListener('abort', () => void this.cancel())
    if (abort.signal.aborted) void this.cancel()
  }

  /**
   * Waits for `least` bytes and takes up to `most` if they are there, into a buffer of their own. Fewer than `least` mean
   * that the stream has ended, or was given up for being slow.
   */
  async read(least: number, most: number): Promise<Uint8Array> {
    const ms = patienceMs(this.#patience, this.#progress, least)
    const stopTimer = this.#ambient.after(ms, () => this.#abort.abort(new Error('backend stalled')))
    const askedAt = this.#ambient.now()
    try {
      const { value } = await this.#reader.readAtLeast(least, new Uint8Array(most))
      if (!value) return new Uint8Array()
      const tookMs = this.#ambient.now() - askedAt
      this.#progress = advance(this.#patience, this.#progress, value.length, tookMs)
      this.pieceBytes = nextPieceBytes(this.pieceBytes, tookMs)
      return value
    } finally {
      stopTimer()
    }
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined)
  }

  /** Leaves the rest of the stream to somebody else. */
  letGo(): void {
    this.#reader.releaseLock()
  }
}
