/** How evenly a pool serves its keys. */

/**
 * Jain's index: 1 when all are equal, 1/n when one has everything.
 * Source: R. Jain, D. Chiu, W. Hawe, A quantitative measure of fairness, 1984.
 */
export function jainIndex(shares: readonly number[]): number {
  let sum = 0
  let squares = 0
  for (const share of shares) {
    sum += share
    squares += share * share
  }
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares)
}

/**
 * What each would get of `capacity` if nobody could have more without taking it from one who has less (max-min
 * fairness). The sum is never above the capacity.
 */
export function maxMinShares(demands: readonly number[], capacity: number): number[] {
  const shares = new Array<number>(demands.length).fill(0)
  const byDemand = demands.map((_, index) => index).sort((a, b) => (demands[a] ?? 0) - (demands[b] ?? 0))
  let left = capacity
  for (const [place, index] of byDemand.entries()) {
    const share = Math.min(demands[index] ?? 0, left / (demands.length - place))
    shares[index] = share
    left -= share
  }
  return shares
}
