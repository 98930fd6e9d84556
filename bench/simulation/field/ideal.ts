import { idealRate, type Scenario } from '../../scenario.ts'
import { CLIENT_MS, LOOPBACK } from './loopback.ts'

/** Nothing is spent but on what every proxy spends it: a connection to the client, and one to a backend. */
const OVERHEAD_MS = CLIENT_MS + LOOPBACK.uploadMs + LOOPBACK.latencyMs + LOOPBACK.downloadMs

/** Requests per second that a scheduler could reach who knows everything. */
export const idealOf = (scenario: Scenario): number =>
  idealRate({
    ...scenario,
    backends: scenario.backends.map((own) => ({ ...own, networkMs: own.networkMs + OVERHEAD_MS / 2 })),
  })
