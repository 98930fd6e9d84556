/** What people read. */
import { type Check, megabytes } from './checks.ts'
import type { SoakOptions } from './options.ts'
import { mean } from './steadiness.ts'
import type { Measurements } from './watch.ts'
import { troublesSince, type World } from './world.ts'

const counts = (map: ReadonlyMap<string, number>): string =>
  [...map].map(([name, count]) => `${name} ${count}`).join(', ')

export const heading = ({ minutes, rate, seed, faulty }: SoakOptions, workerdPid: number): string =>
  `${minutes} min at ${rate} decodes a second, at most ${faulty} of 5 backends faulty, seed ${seed}; workerd is ${workerdPid}`

/** Where the run stands. */
export function progress(world: World, measured: Measurements): string {
  const { tally } = world
  const [median = 0, p99 = 0] = tally.takeLatencies(0.5, 0.99)
  const failures = tally.failures.size > 0 ? ` (${counts(tally.failures)})` : ''
  const faults = [...tally.faults.values()].reduce((sum, count) => sum + count, 0)
  const now = troublesSince(world, performance.now())
  return [
    `${clock(tally.seconds)}  sent ${tally.sent}, served ${tally.served}, failed ${tally.failureCount}${failures}`,
    `p50 ${ms(median)} p99 ${ms(p99)} ms, lag ${Math.max(0, ...measured.lagMs.slice(-10))} ms`,
    `rss ${megabytes(measured.resident.at(-1) ?? 0)} MB, ${measured.descriptors.at(-1) ?? 0} fds`,
    `${faults} faults${now.length > 0 ? `, now ${now.join(', ')}` : ''}`,
  ].join(' | ')
}

/** Means over stretches of the run, in MB. */
function series(samples: readonly number[], parts = 24): string {
  const size = Math.max(1, Math.ceil(samples.length / parts))
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, i) =>
    megabytes(mean(samples.slice(i * size, (i + 1) * size))),
  ).join(' ')
}

export function verdict(world: World, measured: Measurements, checks: readonly Check[]): string {
  const { tally, log } = world
  const width = Math.max(...checks.map(({ name }) => name.length))
  const isGood = checks.every((check) => check.verdict !== 'FAIL')
  return [
    '',
    ...tally.failed.slice(0, 20).map((failure) => `failed: ${JSON.stringify(failure)}`),
    ...tally.misjudged.slice(0, 20).map((text) => `misjudged: ${text}`),
    ...log.stray.map((text) => `stray: ${text}`),
    ...[...log.troubles].map(([text, count]) => `in the log ${count} times: ${text}`),
    ...measured.crowds.map((text) => `crowd: ${text}`),
    `faults: ${counts(tally.faults)}`,
    `ends in the log: ${counts(log.ends)}`,
    tally.heldBack > 0 ? `${tally.heldBack} requests were not sent: too many were under way` : undefined,
    `rss of workerd, MB: ${series(measured.resident)}`,
    `after collections: ${series(measured.kept.map(({ bytes }) => bytes))}`,
    '',
    ...checks.map(({ name, verdict, detail }) => `${verdict}  ${name.padEnd(width)}  ${detail}`),
    '',
    isGood ? 'PASS' : 'FAIL',
  ]
    .filter((line) => line !== undefined)
    .join('\n')
}

/** The same for machines. */
export const summary = (
  options: SoakOptions,
  { tally, log }: World,
  measured: Measurements,
  checks: readonly Check[],
): object => ({
  options,
  verdict: checks.every((check) => check.verdict !== 'FAIL') ? 'PASS' : 'FAIL',
  checks,
  seconds: tally.seconds,
  sent: tally.sent,
  served: tally.served,
  brokenVisibly: tally.brokenVisibly,
  heldBack: tally.heldBack,
  failures: Object.fromEntries(tally.failures),
  failed: tally.failed,
  misjudged: tally.misjudged,
  faults: Object.fromEntries(tally.faults),
  ends: Object.fromEntries(log.ends),
  stray: log.stray,
  troubles: Object.fromEntries(log.troubles),
  measured,
})

const ms = (seconds: number): string => (seconds * 1000).toFixed(0)

const clock = (seconds: number): string => {
  const whole = Math.floor(seconds)
  return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}
