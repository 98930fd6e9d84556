/** What was measured, as Markdown. */
import type { Cost } from './cost.ts'
import type { Floor } from './floors.ts'
import type { Measured } from './measure.ts'
import type { Figure, Line } from './summary.ts'

export interface Results {
  /** When, on what, and with what else. */
  readonly machine: Readonly<Record<string, string | number>>
  readonly lines: readonly Line[]
  /** Of fresh processes under 64 clients that send 4 MB each. */
  readonly memory: Readonly<Record<string, Measured>>
  readonly cost: Cost
  readonly floors: readonly Floor[]
}

export function markdown({ machine, lines, memory, cost, floors }: Results): string {
  const about = Object.entries(machine).map(([what, value]) => `${what} ${value}`)
  return [
    about.join(' · '),
    ...pointsOf(lines).map(tableOf),
    ...(Object.keys(memory).length > 0 ? [memoryTable(memory)] : []),
    costTable(cost),
    floorTable(floors),
  ].join('\n\n')
}

function pointsOf(lines: readonly Line[]): Line[][] {
  const points = Map.groupBy(lines, ({ cell, clients }) => `${cell} ${clients}`)
  return [...points.values()]
}

const HEAD = [
  'requests/s',
  'of the pass-through',
  'p50 ms',
  'added',
  'p99 ms',
  'added',
  'CPU ms/request',
  'times the pass-through',
  'peak MB',
  'times',
]

function tableOf(lines: readonly Line[]): string {
  const [{ cell, clients } = { cell: '', clients: 0 }] = lines
  const rows = lines.map((line) => {
    const { contender, ratio, refused, broken } = line
    const isOutside = line.cpuMsPerRequest.median === 0
    const own = (text: string): string => (isOutside ? '' : text)
    const notes = [...(refused ? [`${refused} refused`] : []), ...(broken ? [`${broken} broken`] : [])]
    return [
      notes.length > 0 ? `${contender} (${notes.join(', ')})` : contender,
      number(line.requestsPerSecond.median),
      spread(ratio.requestsPerSecond),
      line.p50Ms.median.toFixed(2),
      spread(ratio.addedP50Ms),
      line.p99Ms.median.toFixed(1),
      ratio.addedP99Ms.median.toFixed(1),
      own(line.cpuMsPerRequest.median.toFixed(2)),
      own(spread(ratio.cpuMsPerRequest)),
      own(megabytes(line.peakBytes.median)),
      own(ratio.peakBytes.median.toFixed(2)),
    ]
  })
  return `### ${cell}, ${clients} at a time\n\n${table(['', ...HEAD], rows)}`
}

function memoryTable(memory: Readonly<Record<string, Measured>>): string {
  const rows = Object.entries(memory).map(([name, { peakBytes, requests, refused, broken }]) =>
    [name, megabytes(peakBytes), requests, refused, broken].map(String),
  )
  const head = ['', 'peak MB', 'served', 'refused with 503', 'broken']
  return `### Memory: 64 clients that send 4 MB each, to a fresh process\n\n${table(head, rows)}`
}

function costTable({ counts, parts }: Cost): string {
  const { objectCalls, alarms, rowsWritten, logLines, logBytes } = counts
  const measured = [
    `${objectCalls.toFixed(2)} calls of objects`,
    `${alarms.toFixed(3)} alarms`,
    `${rowsWritten.toFixed(3)} rows written`,
    `${logLines.toFixed(2)} lines of log with ${logBytes.toFixed(0)} bytes`,
  ]
  const rows = parts.map(({ part, dollarsPerMillion, how }) => [part, dollarsPerMillion.toFixed(2), how])
  const head = ['part', '$ per million decodes', 'how']
  return `### Cost on the platform\n\nPer decode: ${measured.join(', ')}.\n\n${table(head, rows)}`
}

function floorTable(floors: readonly Floor[]): string {
  const rows = floors.map(({ what, bound, value, isKept }) => [
    what,
    bound,
    Number.isNaN(value) ? 'not measured' : value.toFixed(2),
    Number.isNaN(value) ? '' : isKept ? 'kept' : 'BROKEN',
  ])
  return `### Floors\n\n${table(['', 'bound', 'measured', ''], rows)}`
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const number = (value: number): string => value.toFixed(value < 100 ? 1 : 0)
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
const spread = ({ median, least, most }: Figure): string =>
  `${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`
