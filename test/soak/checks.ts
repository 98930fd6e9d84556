/** What must hold at the end of a run, one line each. */
import type { Rest } from './rest.ts'
import { SPARE_DESCRIPTORS } from './rest.ts'
import { steadiness } from './steadiness.ts'
import type { KeptMemory, Measurements } from './watch.ts'
import type { World } from './world.ts'

export interface Check {
  readonly name: string
  /** `SKIP`: the run was too short to tell. */
  readonly verdict: 'PASS' | 'FAIL' | 'SKIP'
  readonly detail: string
}

/** Memory may be this much more in the last third than in the middle one. */
const GROWTH = 0.1
/** The allocator of workerd takes some 25,000 decodes to reach its size, whatever is decoded. */
const WARM_UP_REQUESTS = 30_000
/** Until then memory may grow by this much a request: a quarter of what the mean request moves. */
const WARM_UP_BYTES = 100_000

const check = (name: string, holds: boolean, detail: string): Check => ({
  name,
  verdict: holds ? 'PASS' : 'FAIL',
  detail,
})

export function checksOf({ tally, log }: World, measured: Measurements, rest: Rest): Check[] {
  const { jobs, silent } = rest
  const growth = rest.descriptors - measured.descriptorsAtStart
  return [
    check('no wrong picture', tally.wrongPictures.length === 0, `${tally.served} compared byte by byte`),
    check(
      'no failed request',
      tally.failureCount === 0 && tally.served > 0,
      `${tally.failureCount} of ${tally.sent}; ${tally.brokenVisibly} broke off visibly after the commit`,
    ),
    check('bad clients are told so', tally.misjudged.length === 0, `${tally.misjudged.length} were not`),
    check(
      'no slot or job without a request',
      measured.orphans.length === 0,
      measured.orphans[0] ?? `at most ${tally.mostQueued} jobs were seen waiting`,
    ),
    check(
      'all slots free at rest',
      jobs.leases + jobs.queued === 0,
      `${jobs.leases} leases, ${jobs.queued} jobs`,
    ),
    check('no connection at rest', rest.sockets === 0, `${rest.sockets} open at the backends`),
    check(
      'no descriptor left open',
      growth <= SPARE_DESCRIPTORS,
      `${measured.descriptorsAtStart} at the start, ${rest.descriptors} at rest, at most ${Math.max(...measured.descriptors)}`,
    ),
    memory(measured.kept),
    check(
      'one log line per request',
      silent.stays.length === 0 && log.strayCount === 0,
      `${log.lines} lines; ${silent.stays.length} missing, ${log.strayCount} too many`,
    ),
    check('one log line per client that left', silent.leaves.length === 0, `${silent.leaves.length} missing`),
    check('nothing but events in the log', log.troubles.size === 0, `${log.troubles.size} other texts`),
    check('no latent in the log', log.canaryHits === 0, `${log.canaryHits} lines with the canary`),
  ]
}

function memory(kept: readonly KeptMemory[]): Check {
  const name = 'memory is flat'
  const warm = kept.filter(({ sent }) => sent >= WARM_UP_REQUESTS).map(({ bytes }) => bytes)
  const found = steadiness(warm)
  if (found) {
    const { middle, last, drift } = found
    const thirds = `${megabytes(middle)} MB in the middle third, ${megabytes(last)} MB in the last`
    const holds = last <= middle * (1 + GROWTH) && drift <= GROWTH
    return check(name, holds, `${thirds}; its line drifts by ${(drift * 100).toFixed(1)} %`)
  }
  const [first] = kept
  const last = kept.at(-1)
  if (!first || !last || kept.length < 5) return { name, verdict: 'SKIP', detail: 'too short a run' }
  const growth = (last.bytes - first.bytes) / (last.sent - first.sent)
  const detail = `${(growth / 1000).toFixed(1)} KB a request; it settles after ${WARM_UP_REQUESTS} requests`
  return check(name, growth <= WARM_UP_BYTES, detail)
}

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
