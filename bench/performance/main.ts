/**
 * `npm run bench`: what the gateway costs beside a bare Worker, nginx and nothing at all, as Markdown.
 *
 * --rounds N       of each point (5)
 * --seconds S      of load per contender, point and round (1)
 * --only CELL      these cells alone, as 32k/60k; may be given again
 * --clients N      so many at a time alone; may be given again
 * --json           figures for machines
 * --gate           fails when a floor is broken
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { CELLS } from './cells.ts'
import { costOf, countBilled } from './cost.ts'
import { judge } from './floors.ts'
import { markdown, type Results } from './report.ts'
import { measureMemory, runRounds, type Stage, setStage } from './run.ts'
import { summarize } from './summary.ts'

const CLIENTS = [1, 8, 64]

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    clients: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
  },
})

async function main(stage: Stage, machine: Results['machine']): Promise<Results> {
  const clients = options.clients?.map(Number) ?? CLIENTS
  const points = cells.flatMap((cell) => clients.map((clients) => ({ cell, clients })))
  const forMs = Number(options.seconds) * 1_000
  const plan = { points, rounds: Number(options.rounds), forMs }
  const say = (text: string): void => console.error(text)
  const lines = summarize(await runRounds(plan, stage, say))
  say('memory')
  const memory = await measureMemory({ cell: '4m/60k', clients: 64 }, 4 * forMs, stage)
  say('what is billed')
  const counts = await countBilled(stage, 12 * forMs)
  const usual = lines.find(({ contender }) => contender === 'gateway')
  return {
    machine,
    lines,
    memory,
    cost: { counts, parts: costOf(counts, usual?.cpuMsPerRequest.median ?? Number.NaN) },
    floors: judge(lines, memory),
  }
}

function describeMachine(): Results['machine'] {
  const [cpu] = cpus()
  const [load = 0] = loadavg()
  return {
    '': new Date().toISOString(),
    Node: process.version,
    cores: cpus().length,
    CPU: cpu?.model ?? '',
    'load before': load.toFixed(1),
  }
}

const known = CELLS.map(({ id }) => id)
const cells = options.only ?? known
if (cells.some((cell) => !known.includes(cell))) {
  console.error(`--only must be one of ${known.join(', ')}.`)
  process.exit(2)
}
const machine = describeMachine()
const stage = await setStage()
try {
  const results = await main(stage, machine)
  console.log(options.json ? JSON.stringify(results, null, 2) : markdown(results))
  process.exitCode = options.gate && results.floors.some(({ isKept }) => !isKept) ? 1 : 0
} finally {
  await stage.stop()
}
