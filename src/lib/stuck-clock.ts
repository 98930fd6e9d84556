/**
 * The platform shows nothing that lives a time that goes back: when its clock is set back, the time of an object stands still
 * until the clock is there again, and so do its timers. A caller that has just begun sees the right time, and says it.
 */

/** Clocks of different machines differ by less; an object that stands still for so long does no harm. */
const STUCK_MS = 10_000

/**
 * @param own what the platform tells the object
 * @param callers what it tells a caller; undefined from one of the release before
 */
export const isStuck = (own: number, callers: number | undefined): boolean =>
  callers !== undefined && callers < own - STUCK_MS

/** Finds out from its callers whether the time of an object stands still, and not only runs ahead of theirs. */
export class StillStand {
  #stuckAt: number | undefined

  isFound(own: number, callers: number | undefined): boolean {
    const before = this.#stuckAt
    this.#stuckAt = isStuck(own, callers) ? own : undefined
    return before !== undefined && before === this.#stuckAt
  }
}
