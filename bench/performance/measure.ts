/** One contender under one load. */
import type { Contender } from './contender.ts'
import { type Helper, load } from './helper.ts'
import { cpuMs, forgetPeak, peakBytes } from './process.ts'

/** What is asked for, and by how many at a time. */
export interface Point {
  readonly cell: string
  readonly clients: number
}

export interface Measured {
  /** Served. */
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the contender's processes with all their threads, user and system. */
  readonly cpuMsPerRequest: number
  /** Most memory its processes held in RAM at a time. */
  readonly peakBytes: number
  readonly refused: number
  readonly broken: number
  /** What the load itself cost. */
  readonly loadCpuMsPerRequest: number
}

export async function measure(
  { pids, host, port, key }: Contender,
  { cell, clients }: Point,
  forMs: number,
  loader: Helper,
): Promise<Measured> {
  forgetPeak(pids)
  const cpuBefore = cpuMs(pids)
  const result = await load(loader, { cell, host, port, key, clients, forMs })
  const { latenciesMs, refused, broken, seconds } = result
  const requests = latenciesMs.length
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  return {
    requests,
    requestsPerSecond: requests / seconds,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    cpuMsPerRequest: (cpuMs(pids) - cpuBefore) / requests,
    peakBytes: peakBytes(pids),
    refused,
    broken,
    loadCpuMsPerRequest: result.cpuMs / requests,
  }
}

/** @param sorted ascending; NaN where there is nothing */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
