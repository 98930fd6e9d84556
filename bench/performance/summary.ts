/** From rounds to figures: medians, and ratios to the pass-through of the same round, since machines have moods. */
import { type Measured, type Point, quantile } from './measure.ts'

/** Whom the others are held against. */
export const BASELINE = 'pass-through'

/** What was measured of each contender at one point, one after the other. */
export interface Round extends Point {
  readonly measured: Readonly<Record<string, Measured>>
}

/** A median over rounds, and the least and the most. */
export interface Figure {
  readonly median: number
  readonly least: number
  readonly most: number
}

export interface Line extends Point {
  readonly contender: string
  readonly requestsPerSecond: Figure
  readonly p50Ms: Figure
  readonly p99Ms: Figure
  readonly cpuMsPerRequest: Figure
  readonly peakBytes: Figure
  /** To the pass-through of the same round: a quotient, or for latencies the difference in milliseconds. */
  readonly ratio: {
    readonly requestsPerSecond: Figure
    readonly cpuMsPerRequest: Figure
    readonly peakBytes: Figure
    readonly addedP50Ms: Figure
    readonly addedP99Ms: Figure
  }
  /** Of all rounds. */
  readonly requests: number
  readonly refused: number
  readonly broken: number
  readonly loadCpuMsPerRequest: Figure
}

/** A line for each point and contender, in the order they were measured in. */
export function summarize(rounds: readonly Round[]): Line[] {
  const points = new Map(rounds.map(({ cell, clients }) => [`${cell} ${clients}`, { cell, clients }]))
  return [...points.values()].flatMap((point) => {
    const ofPoint = rounds.filter(({ cell, clients }) => cell === point.cell && clients === point.clients)
    return Object.keys(ofPoint[0]?.measured ?? {}).map((contender) => lineOf(point, contender, ofPoint))
  })
}

function lineOf({ cell, clients }: Point, contender: string, rounds: readonly Round[]): Line {
  const pairs = rounds.flatMap(({ measured }) => {
    const { [contender]: own, [BASELINE]: base } = measured
    return own && base ? [{ own, base }] : []
  })
  const own = (key: keyof Measured): Figure => figure(pairs.map(({ own }) => own[key]))
  const quotient = (key: keyof Measured): Figure => figure(pairs.map(({ own, base }) => own[key] / base[key]))
  const added = (key: keyof Measured): Figure => figure(pairs.map(({ own, base }) => own[key] - base[key]))
  const total = (key: keyof Measured): number => pairs.reduce((sum, { own }) => sum + own[key], 0)
  return {
    cell,
    clients,
    contender,
    requestsPerSecond: own('requestsPerSecond'),
    p50Ms: own('p50Ms'),
    p99Ms: own('p99Ms'),
    cpuMsPerRequest: own('cpuMsPerRequest'),
    peakBytes: own('peakBytes'),
    ratio: {
      requestsPerSecond: quotient('requestsPerSecond'),
      cpuMsPerRequest: quotient('cpuMsPerRequest'),
      peakBytes: quotient('peakBytes'),
      addedP50Ms: added('p50Ms'),
      addedP99Ms: added('p99Ms'),
    },
    requests: total('requests'),
    refused: total('refused'),
    broken: total('broken'),
    loadCpuMsPerRequest: own('loadCpuMsPerRequest'),
  }
}

export function figure(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: quantile(sorted, 0.5), least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN }
}
