/** Limits in whole units, so that sums are exact. */
import type { KeyRecord, Limits } from './protocol.ts'

/** Null where there is no bound. */
export interface Bounds {
  readonly requestsPerMinute: number | null
  readonly pixelsPerMinute: number | null
  readonly concurrency: number | null
  readonly pixelsPerMonth: number | null
}

const PIXELS = 1_000_000

/** Of more megapixels a sum of pixels would no longer be exact. */
export const MAX_MEGAPIXELS = 9_000_000_000

export const pixelsOf = (megapixels: number): number => Math.round(megapixels * PIXELS)
export const megapixelsOf = (pixels: number): number => pixels / PIXELS

/** The plan's limits, but for those that the operator has set for the key alone. */
export function boundsOf(plan: Limits, overrides: KeyRecord['overrides'] = {}): Bounds {
  const of = (name: keyof Limits): number | null => {
    const own = overrides[name]
    return own === undefined ? plan[name] : own
  }
  return {
    requestsPerMinute: whole(of('requestsPerMinute')),
    pixelsPerMinute: whole(of('megapixelsPerMinute'), PIXELS),
    concurrency: whole(of('concurrency')),
    pixelsPerMonth: whole(of('megapixelsPerMonth'), PIXELS),
  }
}

const whole = (limit: number | null, unit = 1): number | null =>
  limit === null ? null : Math.floor(limit * unit)
