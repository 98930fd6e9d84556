/** What a million decodes cost on the platform, from counts; the bill itself nobody has seen. */
import { bundleWorker } from '../../src/local/bundle.ts'
import { startGatewayContender } from './gateway.ts'
import { measure } from './measure.ts'
import type { Stage } from './run.ts'

/** Per decode. */
export interface Counts {
  readonly objectCalls: number
  readonly alarms: number
  readonly rowsWritten: number
  readonly logLines: number
  readonly logBytes: number
}

export interface Cost {
  readonly counts: Counts
  readonly parts: readonly CostPart[]
}

export interface CostPart {
  readonly part: string
  readonly dollarsPerMillion: number
  readonly how: string
}

/** Prices of Cloudflare's paid plan beyond what it includes, in dollars, as its pages had them in 2026. */
export const PRICES = {
  perMillionRequests: 0.3,
  perMillionCpuMs: 0.02,
  perMillionObjectRequests: 0.15,
  perMillionGigabyteSeconds: 12.5,
  perMillionRowsWritten: 1,
  perMillionLogEvents: 0.6,
} as const

/** An object is billed for 128 MB while it is active, whatever it uses. */
const OBJECT_GIGABYTES = 0.128

/** At which objects are taken to be busy all the time, a pool's and a key's. */
const DECODES_PER_SECOND = 10
const ACTIVE_OBJECTS = 2

/** @param cpuMs per decode, of the whole runtime with its network; the platform bills less of it */
export function costOf(counts: Counts, cpuMs: number): CostPart[] {
  const { objectCalls, alarms, rowsWritten, logLines } = counts
  const seconds = ACTIVE_OBJECTS / DECODES_PER_SECOND
  const parts = [
    {
      part: 'requests',
      dollarsPerMillion: PRICES.perMillionRequests,
      how: `1 x $${PRICES.perMillionRequests}`,
    },
    {
      part: 'CPU',
      dollarsPerMillion: cpuMs * PRICES.perMillionCpuMs,
      how: `${cpuMs.toFixed(2)} ms x $${PRICES.perMillionCpuMs}`,
    },
    {
      part: 'calls of objects',
      dollarsPerMillion: (objectCalls + alarms) * PRICES.perMillionObjectRequests,
      how: `${(objectCalls + alarms).toFixed(2)} x $${PRICES.perMillionObjectRequests}`,
    },
    {
      part: 'time of objects',
      dollarsPerMillion: seconds * OBJECT_GIGABYTES * PRICES.perMillionGigabyteSeconds,
      how: `${ACTIVE_OBJECTS} objects at ${DECODES_PER_SECOND} decodes/s x ${OBJECT_GIGABYTES} GB x $${PRICES.perMillionGigabyteSeconds}`,
    },
    {
      part: 'rows written',
      dollarsPerMillion: rowsWritten * PRICES.perMillionRowsWritten,
      how: `${rowsWritten.toFixed(3)} x $${PRICES.perMillionRowsWritten}`,
    },
    {
      part: 'log',
      dollarsPerMillion: logLines * PRICES.perMillionLogEvents,
      how: `${logLines.toFixed(2)} x $${PRICES.perMillionLogEvents}`,
    },
  ]
  const sum = parts.reduce((sum, { dollarsPerMillion }) => sum + dollarsPerMillion, 0)
  return [...parts, { part: 'all', dollarsPerMillion: sum, how: '' }]
}

/** Longer than the ten seconds in which objects write what they have learnt. */
const COUNT_MS = 12_000

/** Counts at a gateway of its own: counting is not free. One client after the other, as on a quiet day. */
export async function countBilled({ backend, loader }: Stage, forMs = COUNT_MS): Promise<Counts> {
  const entry = new URL('counting-worker.ts', import.meta.url)
  const contender = await startGatewayContender(backend, await bundleWorker(entry))
  try {
    const point = { cell: '32k/60k', clients: 1 }
    const { requests } = await measure(contender, point, forMs, loader)
    const answer = await fetch(`http://${contender.host}:${contender.port}/counts`)
    const { objectCalls, alarms, rowsWritten } = (await answer.json()) as Record<string, number>
    const { lines, bytes } = contender.logged
    const each = (count = 0): number => count / requests
    return {
      objectCalls: each(objectCalls),
      alarms: each(alarms),
      rowsWritten: each(rowsWritten),
      logLines: each(lines),
      logBytes: each(bytes),
    }
  } finally {
    await contender.stop()
  }
}
