/** What was measured, for people. */
import type { Verdict } from './figures.ts'
import { isKept, type Result } from './run.ts'

const HEAD = [
  'scenario',
  'req/s',
  'of ideal',
  'of HAProxy',
  'p50 ms',
  'p99 ms',
  'images p99',
  'failed',
  'per backend',
]

export function markdown(results: readonly Result[]): string {
  const rows = results.flatMap(rowsOf)
  const broken = results.flatMap(({ name, verdicts }) =>
    verdicts.filter((verdict) => !verdict.isKept).map((verdict) => `- ${name}: ${describe(verdict)}`),
  )
  const total = results.reduce((sum, { verdicts }) => sum + verdicts.length, 0)
  const end = [`${total - broken.length} of ${total} expectations are met.`, ...broken]
  return [[HEAD, HEAD.map(() => '---'), ...rows].map(line).join('\n'), end.join('\n')].join('\n\n')
}

function rowsOf(result: Result): string[][] {
  const { name, ideal, handicap, counted, decodes } = result
  const haproxy = counted.haproxy?.perSecond
  const mark = isKept(result) ? '' : ' **BROKEN**'
  const own = Object.entries(counted).map(([contender, figures]) => {
    const { perSecond, p50Ms, p99Ms, imageP99Ms, failed, failures } = figures
    const reasons = Object.entries(failures).map(([code, count]) => `${count} ${code}`)
    return [
      `- ${contender}`,
      number(perSecond),
      number(perSecond / ideal),
      haproxy === undefined ? '' : number(perSecond / haproxy),
      number(p50Ms),
      number(p99Ms),
      imageP99Ms === p99Ms ? '' : number(imageP99Ms),
      failed === 0 ? '0' : `${failed} (${reasons.join(', ')})`,
      (decodes[contender] ?? []).join('/'),
    ]
  })
  const asked = handicap < 1 ? `, times ${number(handicap)}` : ''
  return [[`${name}${mark}`, `ideal ${number(ideal)}${asked}`, ...HEAD.slice(2).map(() => '')], ...own]
}

export const describe = ({ figure, value, bound }: Verdict): string =>
  `${figure} ${number(value)}, expected ${bound}`

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function number(value: number): string {
  if (Number.isNaN(value)) return '-'
  return value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0)
}
