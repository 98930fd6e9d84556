/**
 * `npm run fuzz -- --seconds 600`: throws everything at every parser, in turns, until the time is over. What breaks a promise is
 * printed with the seed that finds it again: `npm run fuzz -- --seed SEED --target NAME`.
 */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { targets } from './targets.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    /** Part of a name. */
    target: { type: 'string', default: '' },
  },
})
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new Error('Expected --seconds to be a positive number.')
const chosen = targets.filter(({ name }) => name.includes(values.target))
if (chosen.length === 0) throw new Error('Expected --target to be part of a name.')

/** Of one target, before the next has its turn. */
const TURN_RUNS = 2_000
/** A run of a parser that takes longer is a failure by itself. */
const RUN_MS = 5_000

const until = performance.now() + seconds * 1_000
const runs = new Map<string, number>()
let failures = 0
for (let round = 0; performance.now() < until && failures === 0; round++) {
  const seed = values.seed === undefined ? (Math.random() * 2 ** 31) | 0 : Number(values.seed) + round
  for (const { name, property } of chosen) {
    const startedAt = performance.now()
    const result = await fc.check(property, { seed, numRuns: TURN_RUNS, timeout: RUN_MS })
    runs.set(name, (runs.get(name) ?? 0) + result.numRuns)
    const slowest = performance.now() - startedAt
    if (result.failed || slowest > TURN_RUNS * 20) {
      failures++
      console.error(
        `BROKEN  ${name}\n        --seed ${seed} ${fc.defaultReportMessage(result) ?? `${slowest} ms`}`,
      )
    }
    if (performance.now() > until) break
  }
}
for (const [name, count] of runs) console.log(`${String(count).padStart(9)}  ${name}`)
console.log(failures === 0 ? 'No promise was broken.' : `${failures} promises were broken.`)
process.exitCode = failures === 0 ? 0 : 1
