/** Requests of a key that are under way. */

export interface Place {
  readonly id: number
  /** In milliseconds of the key's own time. */
  readonly expiresAt: number
}

/**
 * A place is given back when its holder's context ends, which the platform sees to. Should it ever fail to, the place
 * comes back after the longest that a request takes: ten minutes of waiting and decoding, and a slow transfer.
 */
export const PLACE_TTL_MS = 1_800_000

export const held = (places: readonly Place[], now: number): readonly Place[] =>
  places.filter(({ expiresAt }) => now < expiresAt)

export const take = (places: readonly Place[], id: number, now: number): readonly Place[] => [
  ...places,
  { id, expiresAt: now + PLACE_TTL_MS },
]

export const leave = (places: readonly Place[], id: number): readonly Place[] =>
  places.filter((place) => place.id !== id)
