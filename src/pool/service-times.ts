/**
 * How long a backend takes, learnt from what it did: per task a curve over sizes, each point a smoothed mean and deviation,
 * and the dead time before the decode begins.
 *
 * Sizes are the catalogue's predictions in milliseconds. They order the work; what a backend takes for it is learnt.
 * Source of mean and deviation: RFC 6298, section 2.
 */
import { bySize, type Sized } from './by-size.ts'
import {
  DEVIATION_WEIGHT,
  FIRST_DECODE_FACTOR,
  LEARNT_SAMPLES,
  LEAST_WEIGHT,
  MAX_DEAD_MS,
  MAX_SAMPLE_RATIO,
  MEAN_WEIGHT,
  OLD_FACTOR,
  POINTS_PER_OCTAVE,
  UNKNOWN_DEAD_MS,
} from './tuning.ts'

/** Learnt numbers; all of a backend that is worth keeping over a restart. */
export interface ServiceTimes {
  readonly curves: readonly Curve[]
  /** From a grant to the job's first byte at the backend, besides the decode itself. */
  readonly deadMs: number
  /** From asleep to ready: the mean, and the shortest that was seen; null before the first. */
  readonly coldStart: { readonly meanMs: number; readonly leastMs: number } | null
}

export interface Curve {
  readonly task: string
  /** By size, ascending. */
  readonly points: readonly Point[]
}

export interface Point {
  readonly sizeMs: number
  readonly meanMs: number
  readonly deviationMs: number
  /** The quickest decode of late. */
  readonly leastMs: number
  readonly samples: number
}

/** What is known of a decode before it runs. */
export interface Estimate {
  readonly meanMs: number
  readonly deviationMs: number
  /** Decodes of this size that it rests on; 0 where it comes from other sizes or from nothing. */
  readonly samples: number
  /** Decodes of the task, of whatever size. */
  readonly seen: number
  /** Whether what was seen of this task on the backend may all have been first decodes, or nothing was seen. */
  readonly isUnproven: boolean
  /** The quickest of late: what it may come down to, if what made it slow has passed. */
  readonly leastMs: number
}

export const UNKNOWN_TIMES: ServiceTimes = { curves: [], deadMs: UNKNOWN_DEAD_MS, coldStart: null }

/** An unknown start is taken to be this long when a client is told when to come back. */
export const UNKNOWN_START_MS = 120_000

export const isLearnt = ({ samples }: Estimate): boolean => samples >= LEARNT_SAMPLES

/** A queue asks for the same few sizes over and over, and times are never changed in place. */
const memo = new WeakMap<ServiceTimes, (job: Sized) => Estimate>()

export function estimate(times: ServiceTimes, task: string, sizeMs: number): Estimate {
  let known = memo.get(times)
  if (!known) {
    known = bySize(({ model, predictedMs }) => work(times, model, predictedMs))
    memo.set(times, known)
  }
  return known({ model: task, predictedMs: sizeMs })
}

function work(times: ServiceTimes, task: string, sizeMs: number): Estimate {
  const points = pointsOf(times, task)
  const proven = points.filter(({ samples }) => samples >= 2)
  const seen = points.reduce((sum, { samples }) => sum + samples, 0)
  const isUnproven = proven.length === 0
  const own = points.find((point) => bucketOf(point.sizeMs) === bucketOf(sizeMs))
  if (own && (own.samples >= 2 || proven.length === 0)) {
    return { ...scaled(own, sizeMs), samples: own.samples, seen, isUnproven }
  }
  // The first decode of a shape is slow, so what other sizes say is closer, unless they say that it is slower still.
  const between = fromOtherSizes(proven.length > 0 ? proven : points, sizeMs)
  const mostMs = own ? own.meanMs * (sizeMs / own.sizeMs) : Number.POSITIVE_INFINITY
  const guessMs = sizeMs * ratioOf(times)
  const known = between ?? { meanMs: guessMs, deviationMs: 0, leastMs: guessMs }
  return { ...known, meanMs: Math.min(mostMs, known.meanMs), samples: own?.samples ?? 0, seen, isUnproven }
}

/**
 * The time that a backend is chosen by. A backend that may well be faster than it looks, as nothing or only its first decode
 * was seen, is given the chance to show it. One with evidence is taken as it is, until that is old: what made it slow may
 * have passed, or all that was seen of it were first decodes, which is the less likely the more there were.
 */
export function hopefulMs(known: Estimate, unusedMs: number): number {
  const { meanMs, leastMs, isUnproven, seen } = known
  const firstMs = meanMs / FIRST_DECODE_FACTOR
  if (isUnproven) return firstMs
  if (!isOldAfter(known, unusedMs)) return meanMs
  return Math.min(leastMs, unusedMs > OLD_FACTOR * seen * meanMs ? firstMs : meanMs)
}

/** Whether evidence is so old that another try costs next to nothing. */
export const isOldAfter = ({ meanMs }: Estimate, unusedMs: number): boolean => unusedMs > OLD_FACTOR * meanMs

/** The least time that a decode can be expected to take: no reason to refuse one that may well be done in time. */
export const soonestMs = (known: Estimate): number =>
  isLearnt(known)
    ? Math.max(known.meanMs / 2, known.meanMs - 2 * known.deviationMs)
    : known.meanMs / FIRST_DECODE_FACTOR

/**
 * A decode was seen to take `ms`.
 *
 * @param isFresh whether what was known before was a guess, or is old
 */
export function learnDecode(
  times: ServiceTimes,
  task: string,
  sizeMs: number,
  ms: number,
  isFresh = false,
): ServiceTimes {
  if (!(sizeMs > 0 && ms > 0 && Number.isFinite(ms))) return times
  const points = pointsOf(times, task)
  const at = points.findIndex((point) => bucketOf(point.sizeMs) === bucketOf(sizeMs))
  const before = points[at]
  if (before) {
    return withPoints(times, task, points.with(at, learn(before, ms * (before.sizeMs / sizeMs), isFresh)))
  }
  const point = { sizeMs, meanMs: ms, deviationMs: ms / 2, leastMs: ms, samples: 1 }
  const after = points.findIndex((other) => other.sizeMs > sizeMs)
  return withPoints(times, task, points.toSpliced(after < 0 ? points.length : after, 0, point))
}

/** A decode was cut after `ms`: it takes at least as long. */
export function learnAtLeast(times: ServiceTimes, task: string, sizeMs: number, ms: number): ServiceTimes {
  return ms > estimate(times, task, sizeMs).meanMs ? learnDecode(times, task, sizeMs, ms) : times
}

/** A grant was on its way for so long before its decode began. The first one replaces the guess. */
export function learnDead(times: ServiceTimes, ms: number, isFirst: boolean): ServiceTimes {
  if (!Number.isFinite(ms)) return times
  const bounded = Math.min(MAX_DEAD_MS, Math.max(0, ms))
  return { ...times, deadMs: times.deadMs + (isFirst ? 1 : MEAN_WEIGHT) * (bounded - times.deadMs) }
}

export function learnColdStart(times: ServiceTimes, ms: number): ServiceTimes {
  const before = times.coldStart ?? { meanMs: ms, leastMs: ms }
  const meanMs = before.meanMs + 0.3 * (ms - before.meanMs)
  return { ...times, coldStart: { meanMs, leastMs: Math.min(before.leastMs, ms) } }
}

/** Actual over predicted time, over all that was seen; 1 before. */
export function ratioOf({ curves }: ServiceTimes): number {
  let actualMs = 0
  let predictedMs = 0
  for (const { points } of curves) {
    for (const { meanMs, sizeMs } of points) {
      actualMs += meanMs
      predictedMs += sizeMs
    }
  }
  return predictedMs > 0 ? actualMs / predictedMs : 1
}

export const samplesOf = ({ curves }: ServiceTimes): number =>
  curves.reduce((sum, { points }) => sum + points.reduce((count, { samples }) => count + samples, 0), 0)

const bucketOf = (sizeMs: number): number => Math.round(POINTS_PER_OCTAVE * Math.log2(sizeMs))

const pointsOf = ({ curves }: ServiceTimes, task: string): readonly Point[] =>
  curves.find((curve) => curve.task === task)?.points ?? []

function withPoints(times: ServiceTimes, task: string, points: readonly Point[]): ServiceTimes {
  const curves = times.curves.filter((curve) => curve.task !== task)
  return { ...times, curves: [...curves, { task, points }] }
}

function learn(point: Point, ms: number, isFresh: boolean): Point {
  const samples = point.samples + 1
  const leastMs = Math.min(ms, point.leastMs + LEAST_WEIGHT * (point.meanMs - point.leastMs))
  if (point.samples === 1) {
    // One of the two may be a first decode of its shape, so the lesser is closer to the next one.
    const [less, more] = ms < point.meanMs ? [ms, point.meanMs] : [point.meanMs, ms]
    const meanMs = more > MAX_SAMPLE_RATIO * less ? less : (less + more) / 2
    return { ...point, meanMs, deviationMs: Math.min(more - less, meanMs) / 2, leastMs, samples }
  }
  // What was seen before were first decodes as well, or the backend is not slow any more.
  if (isFresh && ms * MAX_SAMPLE_RATIO < point.meanMs) {
    return { ...point, meanMs: ms, deviationMs: ms / 2, leastMs, samples: 2 }
  }
  const bounded = Math.min(point.meanMs * MAX_SAMPLE_RATIO, Math.max(point.meanMs / MAX_SAMPLE_RATIO, ms))
  const error = bounded - point.meanMs
  const deviationMs = point.deviationMs + DEVIATION_WEIGHT * (Math.abs(error) - point.deviationMs)
  const weight = Math.max(MEAN_WEIGHT, 1 / samples)
  return { ...point, meanMs: point.meanMs + weight * error, deviationMs, leastMs, samples }
}

type Times = Pick<Point, 'meanMs' | 'deviationMs' | 'leastMs'>

function scaled({ sizeMs, meanMs, deviationMs, leastMs }: Point, to: number): Times {
  const scale = to / sizeMs
  return { meanMs: meanMs * scale, deviationMs: deviationMs * scale, leastMs: leastMs * scale }
}

/** From the neighbours by interpolation; beyond the last one in proportion. */
function fromOtherSizes(points: readonly Point[], sizeMs: number): Times | undefined {
  const below = points.findLast((point) => point.sizeMs <= sizeMs)
  const above = points.find((point) => point.sizeMs > sizeMs)
  const nearest = below ?? above
  if (!nearest) return undefined
  if (!below || !above) return scaled(nearest, sizeMs)
  const share = (sizeMs - below.sizeMs) / (above.sizeMs - below.sizeMs)
  const between = (a: number, b: number): number => a + share * (b - a)
  return {
    meanMs: between(below.meanMs, above.meanMs),
    deviationMs: between(below.deviationMs, above.deviationMs),
    leastMs: between(below.leastMs, above.leastMs),
  }
}
