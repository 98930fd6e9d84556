/** The metrics of the whole gateway, which its pools keep between them. */
import manifest from '../../package.json' with { type: 'json' }
import type { Backend } from '../backends/backend.ts'
import type { Ambient } from '../lib/ambient.ts'
import { answerWithin } from '../lib/answer.ts'
import type { LocalView } from '../pool/local-view.ts'
import type { Membership, PoolRef } from '../pool/membership.ts'
import type { PoolMetrics } from '../pool/protocol.ts'
import {
  type Family,
  familiesOf,
  type Reading,
  reading,
  readingsOf,
  readingsOfKeys,
  type Source,
} from '../telemetry/exposition.ts'
import type { Recorded } from '../telemetry/recorder.ts'

/** An object that is there answers in less; a scrape shall not fail for one that is not. */
const PATIENCE_MS = 1_000

/** What we use of the stub of a pool's object. */
export interface PoolMeters {
  count(recorded: Recorded): Promise<void>
  metrics(): Promise<PoolMetrics>
}

export interface MetricsDeskParts {
  readonly membership: Membership
  readonly controlOf: (pool: PoolRef) => PoolMeters
  readonly view: Pick<LocalView, 'reports'>
  readonly ambient: Pick<Ambient, 'now' | 'after'>
}

export class MetricsDesk {
  readonly #parts: MetricsDeskParts

  constructor(parts: MetricsDeskParts) {
    this.#parts = parts
  }

  /** Tells the pool that was heard of last, which is awake anyway. Rejects when it cannot be told. */
  async count(recorded: Recorded): Promise<void> {
    const { membership, view, controlOf } = this.#parts
    const heardAt = ({ name }: PoolRef): number => view.reports.get(name)?.at ?? 0
    const [latest] = membership.pools.toSorted((a, b) => heardAt(b) - heardAt(a))
    if (latest) await controlOf(latest).count(recorded)
  }

  /** From every pool; one that does not answer is shown as that. */
  async read(): Promise<Family[]> {
    const pools = await Promise.all(this.#parts.membership.pools.map((pool) => this.#read(pool)))
    const build: Source = { labels: {}, readings: [reading('vae_gateway_build_info', [manifest.version], 1)] }
    return familiesOf([build, ...pools])
  }

  async #read(pool: PoolRef): Promise<Source> {
    const { controlOf, ambient, membership } = this.#parts
    const { name, shard = '' } = pool
    const heard = await answerWithin(controlOf(pool).metrics(), PATIENCE_MS, ambient)
    const up = reading('vae_gateway_pool_up', [shard], heard.ok ? 1 : 0)
    const known = heard.ok ? readingsOfPool(heard.value) : unknown(membership.membersOf(name))
    return { labels: { pool: name }, readings: [up, ...known] }
  }
}

const readingsOfPool = ({ startedAt, gauges, counts, keys }: PoolMetrics): Reading[] => [
  reading('vae_gateway_pool_start_time_seconds', [], startedAt / 1000),
  ...gauges,
  ...readingsOf(counts),
  ...readingsOfKeys(keys),
]

/** Of backends whose pool says nothing. */
const unknown = (members: readonly Backend[]): Reading[] =>
  members.map(({ id }) => reading('vae_gateway_backend_state', [id, 'unknown'], 1))
