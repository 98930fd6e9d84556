/** What a log of grants says about a limit per minute. */
import type { Grant } from './load.ts'

const MINUTE_MS = 60_000

/**
 * The most grants that were certainly decided within one minute: sent after its first moment and answered before its
 * last. More than the limit is a proof that it was passed; nothing is blamed on a slow answer.
 */
export function mostInAMinute(grants: readonly Grant[]): number {
  const bySending = [...grants].sort((a, b) => a.sentAt - b.sentAt)
  let most = 0
  for (const [index, { sentAt: from }] of bySending.entries()) {
    let count = 0
    for (const { sentAt, answeredAt } of bySending.slice(index)) {
      if (sentAt > from + MINUTE_MS) break
      if (answeredAt <= from + MINUTE_MS) count++
    }
    most = Math.max(most, count)
  }
  return most
}

/** As a client sees it that looks at its answers alone; what lies between decision and answer is in it. */
export const mostAnsweredInAMinute = (grants: readonly Grant[]): number =>
  mostInAMinute(grants.map(({ answeredAt }) => ({ sentAt: answeredAt, answeredAt })))

/** Grants over what the limit allows in the time, which begins with a key that was idle. */
export const shareGranted = (granted: number, limit: number, minutes: number): number =>
  granted / (limit * minutes)
