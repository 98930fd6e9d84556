/** The limits of two keys under load: a real gateway on real sockets, and a backend that answers at once. */
import { serve } from '../support/behaviours.ts'
import { startFakeBackend } from '../support/fake-backend.ts'
import { mintKey, startTestGateway } from '../support/gateway.ts'
import { askAgainAndAgain } from './load.ts'
import { mostAnsweredInAMinute, mostInAMinute, shareGranted } from './verdict.ts'

export interface Settings {
  readonly minutes: number
  /** Ends after so many requests of each key instead, wherever that takes less than a minute. */
  readonly asks?: number
  readonly requestsPerMinute: number
  readonly clients: number
}

export interface KeyReport {
  readonly name: string
  readonly clients: number
  readonly granted: number
  /** Of what the limit allows in the time. */
  readonly share: number
  readonly mostInAMinute: number
  readonly mostAnsweredInAMinute: number
  readonly answers: ReadonlyMap<string, number>
}

/** One key is asked for far more than it may; a second one, with a client of its own, must not notice. */
export async function runLimits({
  minutes,
  asks,
  requestsPerMinute,
  clients,
}: Settings): Promise<KeyReport[]> {
  const backend = await startFakeBackend(serve)
  const gateway = await startTestGateway({
    BACKENDS: [{ id: 'fast', url: backend.url, models: ['auraflow'], slots: 64 }],
    PLANS: { limited: { requestsPerMinute } },
  })
  try {
    await fetch(`${gateway.url}/ready`)
    const until = performance.now() + minutes * 60_000
    const goesOn = (asked: number): boolean => (asks === undefined ? performance.now() < until : asked < asks)
    const run = async (name: string, clients: number): Promise<KeyReport> => {
      const key = await mintKey({ plan: 'limited' })
      const { grants, answers } = await askAgainAndAgain(gateway, key, clients, goesOn)
      // An answer that came after the end may have been decided after it.
      const inTime = grants.filter(({ answeredAt }) => answeredAt <= until)
      return {
        name,
        clients,
        granted: inTime.length,
        share: shareGranted(inTime.length, requestsPerMinute, minutes),
        mostInAMinute: mostInAMinute(grants),
        mostAnsweredInAMinute: mostAnsweredInAMinute(grants),
        answers,
      }
    }
    return await Promise.all([run('crowded', clients), run('beside it', 4)])
  } finally {
    await gateway.stop()
    await backend.stop()
  }
}

/** Sentences; none when all is well. */
export function complaintsOf(
  reports: readonly KeyReport[],
  { requestsPerMinute, minutes }: Settings,
): string[] {
  return reports.flatMap(({ name, granted, share, mostInAMinute: most, answers }) => [
    ...(most > requestsPerMinute ? [`${name}: ${most} grants in one minute`] : []),
    // Part of a minute has the whole limit at its start.
    ...(granted < 0.99 * requestsPerMinute * Math.max(1, Math.floor(minutes))
      ? [`${name}: ${(share * 100).toFixed(2)} % of the limit granted`]
      : []),
    ...[...answers.keys()].flatMap((answer) =>
      answer === '200' || answer === '429 too-many-requests' ? [] : [`${name}: answered ${answer}`],
    ),
  ])
}
