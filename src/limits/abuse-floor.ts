/** Bad credentials are counted by address, so that guessing and floods end early. Good keys are never affected. */

/** What we use of the platform's rate-limiting binding. */
export interface RateCounter {
  limit(by: { readonly key: string }): Promise<{ readonly success: boolean }>
}

/** The binding's period. */
export const FLOOR_PERIOD_S = 10

/**
 * Counts a bad credential. Where the platform counts nothing, or does not say where a request comes from, every one
 * passes: it costs microseconds and no call.
 *
 * @param network as `networkOf` says
 * @param failed is told that the counter failed, and then this one passes too
 */
export async function isFlooding(
  counter: RateCounter | undefined,
  network: string | undefined,
  failed: () => void,
): Promise<boolean> {
  if (!counter || network === undefined) return false
  try {
    return !(await counter.limit({ key: network })).success
  } catch {
    failed()
    return false
  }
}
