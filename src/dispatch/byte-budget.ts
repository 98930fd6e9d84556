/**
 * Bytes of bodies that one isolate holds at a time. An isolate has 128 MB for all its requests, and a body costs
 * two to three times its length while it is sent on.
 *
 * An upload pays for its bytes as they arrive, by a loan that grows. A loan that does not fit never waits: it takes bytes
 * back from uploads that have less of a right to them, or it is refused. That is why there is no deadlock. At any moment
 * all uploads under way stand in one order (`yields`): callers that hold the least beyond their share come first, and of
 * these the upload that began first. The first of the order can take from all the others, so it goes on until it is
 * whole; every refusal frees bytes for the rest.
 */

/** What every caller has a right to, before another may hold more than that. */
const SHARE = 1 / 4

/** What there is beyond the budget, for callers within their share alone: one caller may hold all of the budget. */
const SPARE = 1 / 8

export class ByteBudget {
  /** Most bytes that one caller may hold, and so the largest body that there is room for. */
  readonly capacity: number
  readonly #share: number
  readonly #spare: number
  readonly #held = new Map<string, number>()
  /** Uploads under way, the first one first. */
  readonly #arriving = new Set<Loan>()
  /** Less than nothing while the spare is in use. */
  #free: number

  constructor(bytes: number) {
    this.capacity = bytes
    this.#free = bytes
    this.#share = Math.floor(bytes * SHARE)
    this.#spare = Math.floor(bytes * SPARE)
  }

  /** Bytes that are not reserved. */
  get free(): number {
    return Math.max(0, this.#free)
  }

  /** Takes bytes until the returned function is called, once or more often; null when they are not there. */
  reserve(bytes: number): (() => void) | null {
    if (bytes > this.#free) return null
    this.#free -= bytes
    let held = true
    return () => {
      if (held) this.#free += bytes
      held = false
    }
  }

  /**
   * The bytes of an upload that begins.
   *
   * @param caller whose share they are of
   * @param takenBack called when another upload gets them: what is held is to be let go of at once
   */
  lend(caller: string, takenBack: () => void): Loan {
    const loan: Loan = {
      caller,
      bytes: 0,
      isTakenBack: false,
      grow: (bytes) => this.#grow(loan, bytes),
      settle: (bytes) => {
        this.#arriving.delete(loan)
        this.#change(loan, bytes - loan.bytes)
      },
      release: () => {
        this.#arriving.delete(loan)
        this.#change(loan, -loan.bytes)
      },
      takeBack: () => {
        loan.isTakenBack = true
        loan.release()
        takenBack()
      },
    }
    this.#arriving.add(loan)
    return loan
  }

  #grow(loan: Loan, bytes: number): boolean {
    if (!this.#arriving.has(loan)) return false
    const after = (this.#held.get(loan.caller) ?? 0) + bytes
    const missing = bytes - this.#free - (after > this.#share ? 0 : this.#spare)
    if (missing > 0 && !this.#takeBack(missing, this.#givers(loan, after))) return false
    this.#change(loan, bytes)
    return true
  }

  /** Uploads that yield to this one, the first to give first. */
  #givers(loan: Loan, after: number): Loan[] {
    const excessOf = (caller: string): number => Math.max(0, (this.#held.get(caller) ?? 0) - this.#share)
    const excess = Math.max(0, after - this.#share)
    const all = [...this.#arriving]
    const began = all.indexOf(loan)
    const yields = (other: Loan, place: number): boolean => {
      const theirs = other.caller === loan.caller ? excess : excessOf(other.caller)
      return theirs === excess ? place > began : theirs > excess
    }
    return all
      .filter(yields)
      .reverse()
      .sort((a, b) => excessOf(b.caller) - excessOf(a.caller))
  }

  /** All that is missing, or nothing. */
  #takeBack(missing: number, givers: readonly Loan[]): boolean {
    let got = 0
    const enough = givers.filter(({ bytes }) => {
      const isNeeded = got < missing
      if (isNeeded) got += bytes
      return isNeeded
    })
    if (got < missing) return false
    for (const giver of enough) giver.takeBack()
    return true
  }

  #change(loan: Loan, bytes: number): void {
    loan.bytes += bytes
    this.#free -= bytes
    const held = (this.#held.get(loan.caller) ?? 0) + bytes
    if (held === 0) this.#held.delete(loan.caller)
    else this.#held.set(loan.caller, held)
  }
}

/** Bytes that an upload has paid for. */
export interface Loan {
  readonly caller: string
  bytes: number
  isTakenBack: boolean
  /** False when there is no room for so many more; what is held stays held. */
  grow(bytes: number): boolean
  /** The upload is whole and holds so many bytes, no more than before, which nobody takes back. */
  settle(bytes: number): void
  /** May be called at any time and any number of times. */
  release(): void
  takeBack(): void
}
