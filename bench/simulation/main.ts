/**
 * `npm run sim`: the gateway's dispatch and pool in virtual time, under every fault we know, with a verdict per promise of
 * the release gate.
 *
 * --quick          a small part of everything, a minute
 * --part PART      faults, standard, field or swarm only; may be given again
 * --scenario NAME  one standard scenario under every policy, or one of the field suite; with --seed, from that seed
 * --seeds N        only N seeds of random faults
 * --requests N     so many per kind of fault
 * --seed S         one seed again, with what it was made of
 * --field FILE     the field suite's scenarios, against what `npm run field -- --json` measured of them
 * --no-hedges      without second copies of what is slow
 * --json           figures for machines
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { compare, type FieldResult } from './field/compare.ts'
import { FULL, PARTS, type Part, QUICK, tasksOf, type Wanted } from './gate/plan.ts'
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
    part: { type: 'string', multiple: true },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    requests: { type: 'string' },
    scenario: { type: 'string' },
    field: { type: 'string' },
    hedges: { type: 'boolean', default: true },
  },
  allowNegative: true,
})

/** @returns whether every promise was kept */
async function main(): Promise<boolean> {
  if (options.seed !== undefined && options.scenario === undefined) return replay(Number(options.seed))
  const measured = options.field === undefined ? undefined : readMeasured(options.field)
  const wanted = readWanted(measured)
  const tasks = tasksOf(wanted)
  if (tasks.length === 0) throw new Error('There is nothing of this name to simulate.')
  const results = gather(tasks, await performAll(tasks, progress(tasks.length)))
  const isWhole = wanted.parts.length === PARTS.length && wanted.scenarios === undefined
  const verdicts = measured ? compare(results.field, measured) : isWhole ? judge(results) : []
  if (options.json) console.log(JSON.stringify(plain(results, verdicts), null, 2))
  else print(results, verdicts)
  return verdicts.every(({ isKept }) => isKept) && results.swarm.broken.length === 0
}

function readWanted(measured: readonly FieldResult[] | undefined): Wanted {
  const { scenario, hedges } = options
  const scenarios = measured?.map(({ name }) => name) ?? (scenario === undefined ? undefined : [scenario])
  const extent = options.quick ? QUICK : FULL
  const seeds = options.seeds === undefined ? extent.seeds : Number(options.seeds)
  const faultRequests = Number(options.requests ?? extent.faultRequests)
  return {
    ...extent,
    faultRequests,
    seeds,
    seed: Number(options.seed ?? DEFAULT_SEED),
    hedges,
    parts: readParts(),
    scenarios,
  }
}

function readParts(): readonly Part[] {
  if (options.seeds !== undefined) return ['swarm']
  if (options.field !== undefined) return ['field']
  return PARTS.filter((part) => options.part?.includes(part) ?? true)
}

const readMeasured = (file: string): readonly FieldResult[] => JSON.parse(readFileSync(file, 'utf8'))

async function replay(seed: number): Promise<boolean> {
  console.log(JSON.stringify(swarm(seed), null, 2))
  const { requests, broken } = await runSwarm(seed, options.hedges)
  console.log(broken ?? `Seed ${seed}: ${requests} requests, every promise kept.`)
  return broken === null
}

function progress(count: number): (task: Task) => void {
  const startedAt = performance.now()
  let done = 0
  return (task) => {
    const passed = ((performance.now() - startedAt) / 1_000).toFixed(0)
    console.error(`${String(++done).padStart(4)}/${count}  ${passed.padStart(4)} s  ${nameOf(task)}`)
  }
}

function nameOf(task: Task): string {
  switch (task.kind) {
    case 'standard':
      return `${task.scenario}, ${task.policy}`
    case 'fault':
      return task.fault
    case 'field':
      return task.scenario
    case 'swarm':
      return 'seeds'
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

const plain = ({ standard, faults, field, swarm }: Results, verdicts: readonly Verdict[]): object => ({
  verdicts,
  standard: Object.fromEntries([...standard].map(([name, ofPolicy]) => [name, Object.fromEntries(ofPolicy)])),
  faults: Object.fromEntries(faults),
  field: Object.fromEntries(field),
  swarm,
})

process.exitCode = (await main()) ? 0 : 1
