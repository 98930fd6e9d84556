/**
 * The preview is computed where requests are served, and while it computes nobody else is. So it works in slices, between
 * which everything else has its turn. The platform's clock stands still while code runs, so a slice is measured in work.
 */

/** Work that tells how much it has done since it told last, in units; what it gives in the end is the result. */
export type Work<Result> = Generator<number, Result, void>

/** One unit is about one colour of one pixel, some ten nanoseconds, so a slice takes less than ten milliseconds. */
export const SLICE_UNITS = 500_000

export class Turns {
  readonly #others: () => Promise<void>
  #units = 0

  /** @param others resolves when they have had their turn; rejects when nobody wants the result any more */
  constructor(others: () => Promise<void>) {
    this.#others = others
  }

  /** Work that was done; undefined while the slice lasts. */
  spend(units: number): Promise<void> | undefined {
    this.#units += units
    if (this.#units < SLICE_UNITS) return undefined
    this.#units = 0
    return this.#others()
  }

  async run<Result>(work: Work<Result>): Promise<Result> {
    for (;;) {
      const step = work.next()
      if (step.done) return step.value
      const pause = this.spend(step.value)
      if (pause) await pause
    }
  }
}

/** All of the work in one go, for those who have little of it. */
export function atOnce<Result>(work: Work<Result>): Result {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}
