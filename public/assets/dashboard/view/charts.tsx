import { amount, duration } from '../format.ts'
import type { Point } from '../point.ts'
import { Chart, type Line } from './chart.tsx'

const REQUESTS: readonly Line[] = [
  { label: 'served', tone: 'good', of: ({ served }) => served },
  { label: 'refused', tone: 'warn', isDashed: true, of: ({ refused }) => refused },
  { label: 'failed', tone: 'bad', of: ({ failed }) => failed },
  { label: 'left', tone: 'off', isDashed: true, of: ({ left }) => left },
]
const DECODES: readonly Line[] = [
  { label: 'actual', tone: 'accent', of: ({ actualS }) => actualS },
  { label: 'expected', tone: 'off', isDashed: true, of: ({ expectedS }) => expectedS },
]
const QUEUE: readonly Line[] = [{ label: 'jobs', tone: 'accent', of: ({ waiting }) => waiting }]
const TIMES: readonly Line[] = [
  { label: 'half', tone: 'accent', of: ({ p50 }) => p50 },
  { label: '19 of 20', tone: 'warn', isDashed: true, of: ({ p95 }) => p95 },
  { label: 'next waits', tone: 'off', isDashed: true, of: ({ waitS }) => waitS },
]

const seconds = (value: number): string => (value === 0 ? '0' : duration(value * 1000))

/** The last quarter of an hour, as far as this page has watched. */
export function Charts({ points }: { readonly points: readonly Point[] }) {
  return (
    <section class="charts" aria-labelledby="charts-title">
      <h2 id="charts-title" class="visually-hidden">
        Last minutes
      </h2>
      <Chart title="Requests per second" points={points} lines={REQUESTS} format={amount} />
      <Chart title="Answered within" points={points} lines={TIMES} format={seconds} />
      <Chart title="Decode, actual and expected" points={points} lines={DECODES} format={seconds} />
      <Chart title="Waiting for a slot" points={points} lines={QUEUE} format={amount} />
    </section>
  )
}
