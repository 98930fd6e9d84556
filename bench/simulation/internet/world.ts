/** Five regions, their days, and how far they are from each other. */

export interface Region {
  readonly name: string
  /** Where it is in its day when the simulation begins, as a share of a day. */
  readonly phase: number
}

export const REGIONS: readonly Region[] = [
  { name: 'NA-W', phase: 0 },
  { name: 'NA-E', phase: 0.125 },
  { name: 'EU', phase: 0.375 },
  { name: 'AS', phase: 0.6 },
  { name: 'OC', phase: 0.75 },
]

/** There and back, in milliseconds, in the order of the regions. */
const RTT_MS: readonly (readonly number[])[] = [
  [20, 70, 140, 120, 150],
  [70, 20, 80, 180, 210],
  [140, 80, 20, 160, 270],
  [120, 180, 160, 20, 110],
  [150, 210, 270, 110, 20],
]

export const rttMs = (from: number, to: number): number => RTT_MS[from]?.[to] ?? 0

/** At the busiest hour a region asks for so much more than on average, at the quietest for so much less. */
export const SWING = 0.5

/** Demand of a region over its mean, at a moment of a day of `dayMs`. */
export const demandAt = ({ phase }: Region, at: number, dayMs: number): number =>
  1 + SWING * Math.sin(2 * Math.PI * (at / dayMs + phase))
