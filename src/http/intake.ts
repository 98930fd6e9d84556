/** A body on its way into memory: paid for piece by piece as it arrives, and never too slowly. */
import type { ByteBudget, Loan } from '../dispatch/byte-budget.ts'
import { type Problem, problem } from '../errors/problem.ts'
import type { Ambient } from '../lib/ambient.ts'
import type { Inflow } from './inflow.ts'

/** Paid for and read at a time; a picture of usual size comes in one piece, and is copied nowhere. */
export const PIECE_BYTES = 131_072

/** For any piece: an upload below 9 KB/s is ended, and so is one that falls silent. */
const PIECE_MS = 15_000

/** For any upload, and the slowest that one may be beyond that, in bytes per millisecond (64 KB/s). */
const GRACE_MS = 30_000
const BYTES_PER_MS = 64

/** How often an upload that waits for bytes looks at the time, and whether its own were taken back. */
const LOOK_MS = 1_000

/** A body in memory, paid for until it is released. */
export interface Upload {
  readonly body: ArrayBuffer
  readonly release: () => void
}

export class Intake {
  readonly #inflow: Inflow
  readonly #loan: Loan
  readonly #ambient: Pick<Ambient, 'after'>
  #pieces: Uint8Array[] = []
  #arrived = 0
  /** In whole looks: only time that the client was waited for counts, and no clock can be set. */
  #waitedMs = 0
  #isGivenUp = false
  #failed: Problem | undefined

  /** @param caller whose share of the budget it is of */
  constructor(
    { signal }: Request,
    inflow: Inflow,
    caller: string,
    budget: ByteBudget,
    ambient: Pick<Ambient, 'after'>,
  ) {
    this.#inflow = inflow
    this.#ambient = ambient
    // Not only are they free then: nobody may hold what somebody else has paid for.
    this.#loan = budget.lend(caller, () => {
      this.#pieces = []
    })
    // When a client resets, the runtime may drop this context without running what follows.
    signal.addEventListener('abort', () => this.giveUp())
  }

  get arrived(): number {
    return this.#arrived
  }

  /**
   * Waits until so many bytes are here, those that came before included. Never rejects.
   *
   * @returns why they never will be; bytes that the body ends without are no problem of this one's
   */
  async fill(bytes: number): Promise<Problem | undefined> {
    while (!this.#failed && this.#arrived < bytes && !this.#inflow.isOver) {
      const wanted = Math.min(bytes - this.#arrived, PIECE_BYTES)
      if (!this.#loan.grow(wanted)) return this.#refuse(busy())
      const piece = await this.#next(wanted, bytes)
      if (!(piece instanceof Uint8Array)) return this.#refuse(piece)
      if (this.#loan.isTakenBack || this.#isGivenUp) return busy()
      this.#pieces.push(piece)
      this.#arrived += piece.length
    }
    return this.#failed
  }

  /** Whether more comes than has arrived. */
  async hasMore(): Promise<boolean | Problem> {
    if (this.#inflow.isOver) return false
    const piece = await this.#next(1, this.#arrived)
    return piece instanceof Uint8Array ? piece.length > 0 : this.#refuse(piece)
  }

  /** What is here, while more is to come. */
  beginning(): Uint8Array {
    return new Uint8Array(joined(this.#pieces, this.#arrived))
  }

  /**
   * What is here is all; it is held until it is released.
   *
   * @param body what was made of it and takes its place
   */
  finish(body: ArrayBuffer = joined(this.#pieces, this.#arrived)): Upload {
    this.#pieces = []
    this.#loan.settle(body.byteLength)
    return { body, release: () => this.#loan.release() }
  }

  /** What has arrived is let go of at once, whatever still comes. */
  giveUp(): void {
    this.#isGivenUp = true
    this.#pieces = []
    this.#loan.release()
  }

  #refuse(why: Problem): Problem {
    this.giveUp()
    this.#failed = why
    return why
  }

  async #next(wanted: number, bytes: number): Promise<Uint8Array | Problem> {
    const allMs = GRACE_MS + bytes / BYTES_PER_MS
    const reading = this.#inflow.read(wanted).catch(() => undefined)
    for (let pieceMs = 0; ; pieceMs += LOOK_MS) {
      const piece = await this.#within(LOOK_MS, reading)
      if (piece instanceof Uint8Array) return piece
      if (piece !== 'not yet')
        return problem('length-mismatch', 'The body ended before the length that was declared.')
      this.#waitedMs += LOOK_MS
      if (this.#loan.isTakenBack || this.#isGivenUp) return busy()
      if (this.#waitedMs >= allMs) return tooLate(`${bytes} bytes within ${allMs / 1_000} s`)
      if (pieceMs + LOOK_MS >= PIECE_MS) return tooLate(`${wanted} bytes within ${PIECE_MS / 1_000} s`)
    }
  }

  #within<T>(ms: number, promise: Promise<T>): Promise<T | 'not yet'> {
    return new Promise((resolve) => {
      const stopTimer = this.#ambient.after(ms, () => resolve('not yet'))
      void promise.then((value) => {
        stopTimer()
        resolve(value)
      })
    })
  }
}

/** A single piece is the whole as it is. */
function joined(pieces: readonly Uint8Array[], length: number): ArrayBuffer {
  const [only] = pieces
  if (only && only.length === only.buffer.byteLength && only.length === length)
    return only.buffer as ArrayBuffer
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole.buffer
}

export const busy = (): Problem =>
  problem('isolate-busy', 'Too many uploads are under way; try again.', { retryAfterSeconds: 1 })

const tooLate = (expected: string): Problem => problem('upload-timeout', `Expected ${expected}.`)
