/** `npm run sim:internet`: the internet-scale run, with and without pools helping each other out. */
import { parseArgs } from 'node:util'
import { type Cell, ms, percent, table } from '../report/table.ts'
import { internet } from './run.ts'

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '250000' },
    seed: { type: 'string', default: '1' },
  },
})

const rows: Cell[][] = []
for (const isSpilling of [false, true]) {
  const { summary, backends, spilledShare } = await internet(
    Number(options.requests),
    Number(options.seed),
    isSpilling,
  )
  rows.push([
    isSpilling ? 'regions help out' : 'each for itself',
    backends,
    summary.requests,
    ms(summary.meanWaitMs),
    ms(summary.waitMs.p99),
    ms(summary.imageWaitP99Ms),
    percent(summary.rejected / summary.requests),
    summary.failed,
    percent(spilledShare),
  ])
}
console.log(
  table(
    ['regions', 'backends', 'requests', 'mean wait', 'p99', 'image p99', 'refused', 'failed', 'far'],
    rows,
  ),
)
