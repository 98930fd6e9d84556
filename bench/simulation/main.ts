/**
 * `npm run sim`: the scheduler under every fault we know, with a verdict per promise of the release gate.
 *
 * --quick          a small part of everything, a minute
 * --seeds N        only N seeds of random faults
 * --seed S         one seed again, with what it was made of
 * --scenario NAME  one scenario under every policy; with --seed, from that seed
 * --json           figures for machines
 */
import { parseArgs } from 'node:util'
import { comparisons, FULL, faults, QUICK, swarms } from './gate/plan.ts'
import { gather, type Results } from './gate/results.ts'
import type { Task } from './gate/task.ts'
import { performAll } from './gate/threads.ts'
import { judge, type Verdict } from './gate/verdicts.ts'
import { report, verdictTable } from './report/report.ts'
import { swarm } from './scenarios/swarm.ts'
import { runSwarm } from './swarm-run.ts'

const DEFAULT_SEED = 1

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    scenario: { type: 'string' },
  },
})

const seed = Number(options.seed ?? DEFAULT_SEED)
const extent = options.quick ? QUICK : FULL

/** @returns whether every promise was kept */
async function main(): Promise<boolean> {
  if (options.seed !== undefined && options.scenario === undefined) return replay()
  const tasks = tasksOf()
  const results = gather(tasks, await performAll(tasks, progress(tasks.length)))
  const verdicts = isWhole() ? judge(results) : []
  if (options.json) console.log(JSON.stringify(plain(results, verdicts), null, 2))
  else print(results, verdicts)
  return verdicts.every(({ isKept }) => isKept) && results.swarm.broken.length === 0
}

const isWhole = (): boolean => options.seeds === undefined && options.scenario === undefined

function tasksOf(): readonly Task[] {
  if (options.seeds !== undefined) return swarms(Number(options.seeds), DEFAULT_SEED)
  if (options.scenario !== undefined) {
    return comparisons(extent.comparedRequests, seed, [options.scenario])
  }
  return [
    ...faults(extent.faultRequests, seed),
    ...comparisons(extent.comparedRequests, seed),
    ...swarms(extent.seeds, seed),
  ]
}

function replay(): boolean {
  console.log(JSON.stringify(swarm(seed), null, 2))
  const { requests, broken } = runSwarm(seed)
  console.log(broken ?? `Seed ${seed}: ${requests} requests, every promise kept.`)
  return broken === null
}

function progress(count: number): (task: Task) => void {
  const startedAt = performance.now()
  let done = 0
  return (task) => {
    const passed = ((performance.now() - startedAt) / 1_000).toFixed(0)
    const what =
      task.kind === 'standard'
        ? `${task.scenario}, ${task.policy}`
        : task.kind === 'fault'
          ? task.fault
          : 'seeds'
    console.error(`${String(++done).padStart(4)}/${count}  ${passed.padStart(4)} s  ${what}`)
  }
}

function print(results: Results, verdicts: readonly Verdict[]): void {
  const text = report(results)
  if (text) console.log(`${text}\n`)
  for (const { seed: own, what } of results.swarm.broken) console.log(`--seed ${own}: ${what.slice(0, 300)}`)
  if (verdicts.length > 0) console.log(verdictTable(verdicts))
  else if (results.swarm.seeds > 0) {
    const { seeds, requests, broken } = results.swarm
    console.log(`${seeds} seeds, ${requests} requests, ${broken.length} broken`)
  }
}

const plain = ({ standard, faults, swarm }: Results, verdicts: readonly Verdict[]): object => ({
  verdicts,
  standard: Object.fromEntries([...standard].map(([name, ofPolicy]) => [name, Object.fromEntries(ofPolicy)])),
  faults: Object.fromEntries(faults),
  swarm,
})

process.exitCode = (await main()) ? 0 : 1
