/** The two ends of a transfer, each with a watch on how slow it is. */
import type { Ambient } from '../lib/ambient.ts'
import {
  advance,
  CLIENT_PATIENCE,
  FIRST_PIECE_BYTES,
  NO_PROGRESS,
  nextPieceBytes,
  type Patience,
  patienceMs,
} from './stall.ts'

/** Reads pieces of a native stream into one buffer, which is used again when the piece has gone out. */
export class WatchedReader {
  readonly #reader: ReadableStreamBYOBReader
  readonly #patience: Patience
  readonly #abort: AbortController
  readonly #ambient: Ambient
  #buffer = new ArrayBuffer(0)
  #progress = NO_PROGRESS
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

  /** Fewer bytes than wanted mean that the stream has ended, or was given up for being slow. */
  async read(wanted: number): Promise<Uint8Array> {
    const ms = patienceMs(this.#patience, this.#progress, wanted)
    const stopTimer = this.#ambient.after(ms, () => this.#abort.abort(new Error('backend stalled')))
    const askedAt = this.#ambient.now()
    try {
      const buffer = this.#buffer.byteLength >= wanted ? this.#buffer : new ArrayBuffer(wanted)
      const { value } = await this.#reader.readAtLeast(wanted, new Uint8Array(buffer, 0, wanted))
      if (!value) return new Uint8Array()
      this.#buffer = value.buffer as ArrayBuffer
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

/** Writes pieces to a client that may be slow, or gone. */
export class WatchedWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #ambient: Ambient
  #progress = NO_PROGRESS
  /** That have gone out. */
  writtenBytes = 0

  constructor(writable: WritableStream<Uint8Array>, ambient: Ambient) {
    this.#writer = writable.getWriter()
    this.#ambient = ambient
  }

  letGo(): void {
    this.#writer.releaseLock()
  }

  /** Undefined when the piece has gone out. */
  async write(piece: Uint8Array): Promise<'client-gone' | 'client-slow' | undefined> {
    let end: 'client-gone' | 'client-slow' = 'client-gone'
    const ms = patienceMs(CLIENT_PATIENCE, this.#progress, piece.length)
    const stopTimer = this.#ambient.after(ms, () => {
      end = 'client-slow'
      void this.#writer.abort(new Error(end)).catch(() => undefined)
    })
    const askedAt = this.#ambient.now()
    try {
      await this.#writer.write(piece)
    } catch {
      return end
    } finally {
      stopTimer()
    }
    this.writtenBytes += piece.length
    const tookMs = this.#ambient.now() - askedAt
    this.#progress = advance(CLIENT_PATIENCE, this.#progress, piece.length, tookMs)
    return undefined
  }
}
