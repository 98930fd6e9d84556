/** `npm run test:limits -- --minutes 2`: whether a key gets what its limit says, and never more. */
import { parseArgs } from 'node:util'
import { complaintsOf, runLimits } from './run.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    requests: { type: 'string', default: '600' },
    clients: { type: 'string', default: '64' },
  },
})
const settings = {
  minutes: Number(values.minutes),
  requestsPerMinute: Number(values.requests),
  clients: Number(values.clients),
}
if (!Object.values(settings).every((number) => number > 0)) {
  throw new Error('Expected --minutes, --requests and --clients to be positive numbers.')
}

const reports = await runLimits(settings)
console.table(
  reports.map(({ answers, share, ...report }) => ({
    ...report,
    share: `${(share * 100).toFixed(2)} %`,
    refused: answers.get('429 too-many-requests') ?? 0,
  })),
)
const complaints = complaintsOf(reports, settings)
for (const complaint of complaints) console.error(complaint)
process.exitCode = complaints.length > 0 ? 1 : 0
