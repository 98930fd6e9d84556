/** What must hold at the end of a run, one line each. */
import type { Rest } from './rest.ts'
import { SPARE_DESCRIPTORS } from './rest.ts'
import { steadiness } from './steadiness.ts'
import type { Measurements } from './watch.ts'
import type { World } from './world.ts'

export interface Check {
  readonly name: string
  /** `SKIP`: the run was too short to tell. */
  readonly verdict: 'PASS' | 'FAIL' | 'SKIP'
  readonly detail: string
}

/** Memory may be this much more in the last third than in the middle one. */
const GROWTH = 0.1
/** Runs below this are all warm-up. */
const SHORTEST_FOR_MEMORY = 100

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
    memory(measured.resident),
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

function memory(samples: readonly number[]): Check {
  const name = 'memory is flat'
  const found = samples.length < SHORTEST_FOR_MEMORY ? undefined : steadiness(samples)
  if (!found)
    return { name, verdict: 'SKIP', detail: `a run of less than ${SHORTEST_FOR_MEMORY} s is all warm-up` }
  const { middle, last, slope, drift } = found
  const detail = `${megabytes(middle)} MB in the middle third, ${megabytes(last)} MB in the last, ${((slope * 60) / 1e6).toFixed(1)} MB a minute`
  return check(name, last <= middle * (1 + GROWTH) && drift <= GROWTH, detail)
}

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
