/**
 * `npm run field`: the gateway beside HAProxy and nginx, in front of backends whose times it does not know.
 *
 * --quick       the short form, of at most three minutes: without nginx, and on a machine that may be busy
 * --busy        the long form on a machine that has other things to do
 * --only NAME   scenarios whose name has this in it; may be given again
 * --rounds N    turns that each contender has (3; quick 2)
 * --json        figures for machines
 * --list        names only
 *
 * Exit code 1 when an expectation is not met.
 */
import { parseArgs } from 'node:util'
import { isInstalled } from '../performance/daemon.ts'
import { SCENARIOS } from '../scenarios.ts'
import { describe, markdown } from './report.ts'
import { isKept, type Result, runField } from './run.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    busy: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})

const { quick, only = [''] } = options
const QUICK_SHARE = 0.5
const scenarios = SCENARIOS.filter(
  (scenario) => (!quick || scenario.quick) && only.some((part) => scenario.name.includes(part)),
)

const startedAt = performance.now()
function say({ name, verdicts }: Result): void {
  const broken = verdicts.filter(({ isKept }) => !isKept)
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0)
  console.error(
    `${seconds} s: ${name}: ${broken.length === 0 ? 'as expected' : broken.map(describe).join('; ')}`,
  )
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}

// What was started ends with the process, which a signal alone would not see to.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

if (options.list) {
  for (const { name } of scenarios) console.log(name)
} else {
  if (scenarios.length === 0) fail(`No scenario has ${only.join(' or ')} in its name; --list has them all.`)
  for (const name of ['haproxy', 'nginx'] as const)
    if (!isInstalled(name)) fail(`The field suite compares with ${name}, which is not installed.`)
  const rounds = Number(options.rounds ?? (quick ? 2 : 3))
  const results = await runField(
    { scenarios, rounds, share: quick ? QUICK_SHARE : 1, isBusy: quick || options.busy, withNginx: !quick },
    say,
  )
  console.log(options.json ? JSON.stringify(results, null, 2) : markdown(results))
  process.exitCode = results.every(isKept) ? 0 : 1
}
