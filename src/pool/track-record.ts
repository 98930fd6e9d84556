/** What a backend's outcomes add up to. */
import type { TrackRecord } from './state.ts'

export const NO_RECORD: TrackRecord = {
  hard: 0,
  soft: 0,
  buckets: [],
  relapses: 0,
  relapsedAt: 0,
  failedAt: 0,
}

const BUCKET_MS = 3_000
const BUCKETS = 10
/** Below this share of good outcomes, of at least so many, a backend is bad whatever the order they came in. */
const MIN_GOOD_SHARE = 0.8
const MIN_OUTCOMES = 5
const MIN_GOOD = 3

export function recordOutcome(record: TrackRecord, isGood: boolean, now: number): TrackRecord {
  const at = Math.floor(now / BUCKET_MS) * BUCKET_MS
  const last = record.buckets.at(-1)
  const good = isGood ? 1 : 0
  const bad = 1 - good
  if (last?.at === at) {
    const counted = { at, good: last.good + good, bad: last.bad + bad }
    return { ...record, buckets: [...record.buckets.slice(0, -1), counted] }
  }
  const recent = record.buckets.filter((bucket) => bucket.at > at - BUCKETS * BUCKET_MS)
  return { ...record, buckets: [...recent, { at, good, bad }] }
}

/** Whether the outcomes of the last half minute speak against the backend: it may fail every other time. */
export function isErratic(record: TrackRecord, now: number): boolean {
  const { good, bad } = recentOutcomes(record, now)
  return good + bad >= MIN_OUTCOMES && good < MIN_GOOD_SHARE * (good + bad)
}

/** Whether they speak for it, so that a failure is more likely the job's. */
export function isProven(record: TrackRecord, now: number): boolean {
  const { good, bad } = recentOutcomes(record, now)
  return good >= MIN_GOOD && good >= MIN_GOOD_SHARE * (good + bad)
}

function recentOutcomes({ buckets }: TrackRecord, now: number): { good: number; bad: number } {
  const since = now - BUCKETS * BUCKET_MS
  let good = 0
  let bad = 0
  for (const bucket of buckets) {
    if (bucket.at <= since) continue
    good += bucket.good
    bad += bucket.bad
  }
  return { good, bad }
}

/** How often it was taken out of late: halved with each minute since. */
export const relapsesAt = (record: TrackRecord, now: number): number =>
  Math.floor(record.relapses * 2 ** -Math.max(0, Math.floor((now - record.relapsedAt) / 60_000)))
