/** The one reader of a request's body: a handler takes what it wants, and what is left can still be read and forgotten. */

/** Read at a time of what is not wanted. */
const DRAINED_AT_ONCE = 65_536

export class Inflow {
  readonly #body: ReadableStream<Uint8Array> | null
  #reader: ReadableStreamBYOBReader | undefined
  /** The last read: reads come one after the other, also when nobody waits for one any more. */
  #last: Promise<unknown> = Promise.resolve()
  #isOver: boolean
  /** Until the end; unknown of a body that comes in chunks. */
  #left: number

  constructor({ body, headers }: Request) {
    this.#body = body
    this.#left = Number(headers.get('content-length') ?? Number.POSITIVE_INFINITY)
    // Some send `Content-Length: 0`, which is a body of nothing.
    this.#isOver = body === null || this.#left === 0
  }

  /** A client that waits to be told to go on (`Expect: 100-continue`) is told so by the first read. */
  get hasBegun(): boolean {
    return this.#reader !== undefined
  }

  /** Nothing more comes: the end was seen, or the client is gone. */
  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * The next so many bytes, in a buffer of their own; fewer mean that the body has ended.
   *
   * @throws what reading the stream throws: the client is gone
   */
  read(bytes: number): Promise<Uint8Array> {
    return this.#read(bytes, () => new Uint8Array(bytes))
  }

  /** Reads what still comes and forgets it, up to so many bytes. Never rejects. */
  async drain(maxBytes: number): Promise<void> {
    let buffer = new Uint8Array(DRAINED_AT_ONCE)
    try {
      for (let left = maxBytes; left > 0 && !this.#isOver; left -= DRAINED_AT_ONCE) {
        const piece = await this.#read(DRAINED_AT_ONCE, () => buffer)
        buffer = new Uint8Array(piece.buffer as ArrayBuffer)
      }
    } catch {
      // The client is gone.
    }
  }

  /** Whoever waits for bytes gets none any more. */
  cancel(): void {
    this.#isOver = true
    void this.#reader?.cancel().catch(() => undefined)
  }

  #read(bytes: number, bufferOf: () => Uint8Array): Promise<Uint8Array> {
    const read = this.#last.then(async () => {
      if (this.#isOver || !this.#body) return new Uint8Array()
      this.#reader ??= this.#body.getReader({ mode: 'byob' })
      try {
        // Not beyond the end: a client that closes after its last byte may never be seen to end.
        const wanted = Math.min(bytes, this.#left)
        const { value } = await this.#reader.readAtLeast(wanted, bufferOf())
        const piece = value ?? new Uint8Array()
        this.#left -= piece.length
        if (piece.length < wanted || this.#left <= 0) this.#isOver = true
        return piece
      } catch (error) {
        this.#isOver = true
        throw error
      }
    })
    this.#last = read.catch(() => undefined)
    return read
  }
}
