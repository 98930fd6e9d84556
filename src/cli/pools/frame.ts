/** Pools as lines of text: what waits, and how each backend is. */
import type { BackendStatus, PoolReport } from '../../admin/contract.ts'
import { paint, type Style } from '../terminal/say.ts'
import { type Cell, printable, renderTable, truncate } from '../terminal/table.ts'

const STYLES: Readonly<Record<BackendStatus['state'], Style>> = {
  usable: 'green',
  'slow-start': 'green',
  'half-open': 'yellow',
  cold: 'yellow',
  ejected: 'red',
  down: 'red',
  drained: 'dim',
  disabled: 'dim',
  unknown: 'yellow',
}

const COLUMNS = [
  { title: 'BACKEND', canShrink: true },
  { title: 'STATE' },
  { title: 'BUSY', align: 'right' },
  { title: 'SPEED', align: 'right' },
  { title: 'GAP', align: 'right' },
  { title: 'NOTE', canShrink: true },
] as const

/**
 * @param width characters of a line
 * @param now milliseconds since 1970, for what lies ahead
 */
export function describePools(pools: readonly PoolReport[], width: number, now: number): string[] {
  if (pools.length === 0) return ['The gateway has no pools.']
  return pools.flatMap((pool, index) => [...(index > 0 ? [''] : []), ...describePool(pool, width, now)])
}

function describePool(pool: PoolReport, width: number, now: number): string[] {
  const { name, shard, models, isReachable, queued, waitMs, backends } = pool
  const queue = isReachable
    ? `${queued} waiting, ${waitMs > 0 ? `the next starts in ${seconds(waitMs)}` : 'the next starts at once'}`
    : 'its object does not answer'
  const title = `pool ${name}${shard === null ? '' : ` (${shard})`}: ${queue}`
  const rows = backends.map((backend) => describeBackend(backend, now))
  return [
    paint(isReachable ? 'bold' : 'red', truncate(printable(title), width)),
    truncate(printable(`  models: ${models.join(', ')}`), width),
    ...renderTable(COLUMNS, rows, width - 2).map((line) => `  ${line}`),
  ]
}

function describeBackend(backend: BackendStatus, now: number): (string | Cell)[] {
  const { id, state, leases, slots, speed, samples, gapMs } = backend
  return [
    id,
    { text: state, paint: (text) => paint(STYLES[state], text) },
    `${leases}/${slots}`,
    // Before the first sample the speed is an assumption.
    samples === 0 ? '-' : `x${speed.toFixed(2)}`,
    samples === 0 ? '-' : `${Math.round(gapMs)} ms`,
    noteOf(backend, now),
  ]
}

function noteOf({ reason, until, busyForMs }: BackendStatus, now: number): string {
  const left = until === null ? 0 : Date.parse(until) - now
  const parts = [
    // The state stands beside it already, and what follows a full stop would be a comma.
    reason.replace(/^It [^:]*: /, '').replace(/\.$/, ''),
    left > 0 ? `for ${seconds(left)} more` : '',
    busyForMs > 0 ? `asked for ${seconds(busyForMs)}` : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

const seconds = (ms: number): string =>
  ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
