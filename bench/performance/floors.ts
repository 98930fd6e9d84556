/** What the gateway promises of its speed, held against what was measured. */
import type { Measured } from './measure.ts'
import { BASELINE, type Line } from './summary.ts'

export interface Floor {
  readonly what: string
  readonly bound: string
  /** NaN where it was not measured. */
  readonly value: number
  readonly isKept: boolean
}

export function judge(lines: readonly Line[], memory: Readonly<Record<string, Measured>>): Floor[] {
  const at = (cell: string, clients: number): Line | undefined =>
    lines.find((line) => line.contender === 'gateway' && line.cell === cell && line.clients === clients)
  const large = lines.filter(({ contender, cell }) => contender === 'gateway' && cell.endsWith('/60m'))
  const throughputs = large.map(({ ratio }) => ratio.requestsPerSecond.median)
  const { gateway, [BUFFERING]: buffering, [BASELINE]: streaming } = memory
  const isMeasured = gateway && buffering && streaming
  const own = lines.filter(({ contender }) => contender === 'gateway')
  const broken = own.reduce((sum, { broken }) => sum + broken, gateway?.broken ?? 0)
  return [
    atLeast(
      '32 KB up, 60 KB down, 8 at a time: requests/s of the pass-through',
      0.5,
      at('32k/60k', 8)?.ratio.requestsPerSecond.median,
    ),
    atMost(
      'the same: CPU per request, times the pass-through',
      2.2,
      at('32k/60k', 8)?.ratio.cpuMsPerRequest.median,
    ),
    atMost(
      '32 KB up, 60 KB down, one at a time: added p50 in ms',
      1,
      at('32k/60k', 1)?.ratio.addedP50Ms.median,
    ),
    atLeast(
      '60 MB down: the least of the throughput of the pass-through',
      0.9,
      throughputs.length > 0 ? Math.min(...throughputs) : undefined,
    ),
    atMost(
      '64 times 4 MB up: peak of memory, times a pass-through that buffers',
      1.2,
      isMeasured ? gateway.peakBytes / buffering.peakBytes : undefined,
    ),
    atMost(
      'answers that are neither served nor a 503 with its document',
      0,
      lines.length > 0 ? broken : undefined,
    ),
  ]
}

const BUFFERING = 'buffering pass-through'

const atLeast = (what: string, bound: number, value = Number.NaN): Floor => ({
  what,
  bound: `at least ${bound}`,
  value,
  isKept: value >= bound,
})

const atMost = (what: string, bound: number, value = Number.NaN): Floor => ({
  what,
  bound: `at most ${bound}`,
  value,
  isKept: value <= bound,
})
