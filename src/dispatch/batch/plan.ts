/** Into how many parts a batch goes, and how large they are. */

/** A Worker waits for the headers of six answers at a time; a seventh request would wait for one of them. */
export const MAX_PARTS = 6

/** A part that is decoded sooner than this costs more in messages than it saves. */
const MIN_PART_MS = 10

/**
 * @param expectedMs decode time of all of it on the backend that was granted
 * @param idle further backends that could begin at once
 */
export const partCount = (count: number, expectedMs: number, idle: number): number =>
  Math.max(1, Math.min(count, 1 + idle, MAX_PARTS, Math.floor(expectedMs / MIN_PART_MS)))

/** A backend that waits for a part. */
export interface Offer {
  readonly startsInMs: number
  /** Time that it is expected to take for one latent. */
  readonly latentMs: number
}

/**
 * How many latents each backend gets, so that the last one is done as soon as may be: each latent goes to the one that
 * would be done with it first. Their sum is `count`; one that is too slow to help gets none.
 */
export function sharesOf(count: number, offers: readonly Offer[]): number[] {
  const shares = offers.map(() => 0)
  const endsAt = offers.map(({ startsInMs, latentMs }) => startsInMs + latentMs)
  for (let latent = 0; latent < count; latent++) {
    let soonest = 0
    for (let i = 1; i < offers.length; i++) {
      if ((endsAt[i] as number) < (endsAt[soonest] as number)) soonest = i
    }
    shares[soonest] = (shares[soonest] as number) + 1
    endsAt[soonest] = (endsAt[soonest] as number) + (offers[soonest] as Offer).latentMs
  }
  return shares
}

/** Two parts of a batch that is too much at once. */
export const halvesOf = (count: number): number[] => [Math.ceil(count / 2), Math.floor(count / 2)]
