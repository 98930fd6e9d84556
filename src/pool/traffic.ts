/** Who asks for how much: work offered and admitted of late, by class of cost. */
import type { Job, Traffic } from './state.ts'

/** Upper ends of the classes of predicted decode time; the last is open. */
const CLASS_ENDS_MS = [500, 2_000, 8_000]
export const CLASSES = CLASS_ENDS_MS.length + 1

/** What counts as short: a picture, not a video. */
export const SHORT_JOB_MS = 1_000

const DISAPPOINTMENT = 1.2
/** Pessimism fades at this pace. */
const HOPE_MS = 60_000
const MAX_PESSIMISM = 2.5

/** Work is forgotten at this pace. */
export const MEMORY_MS = 20_000

export function classOf(predictedMs: number): number {
  const at = CLASS_ENDS_MS.findIndex((end) => predictedMs <= end)
  return at < 0 ? CLASSES - 1 : at
}

export function countJob(traffic: Traffic, job: Job, isAdmitted: boolean, now: number): Traffic {
  const fading = Math.exp((traffic.at - now) / MEMORY_MS)
  const own = classOf(job.predictedMs)
  const classes = []
  for (let index = 0; index < CLASSES; index++) {
    const { offeredMs, admittedMs } = traffic.classes[index] ?? { offeredMs: 0, admittedMs: 0 }
    const added = index === own ? job.predictedMs : 0
    classes.push({
      offeredMs: offeredMs * fading + added,
      admittedMs: admittedMs * fading + (isAdmitted ? added : 0),
    })
  }
  const shortAskedAt = job.predictedMs <= SHORT_JOB_MS ? now : traffic.shortAskedAt
  const pessimism = 1 + (traffic.pessimism - 1) * Math.exp((traffic.at - now) / HOPE_MS)
  return { at: now, classes, pessimism, askedAt: now, shortAskedAt }
}

/** A job was let in that could not be served in its time, so the next ones are told to wait longer. */
export const disappointed = (traffic: Traffic): Traffic => ({
  ...traffic,
  pessimism: Math.min(MAX_PESSIMISM, traffic.pessimism * DISAPPOINTMENT),
})

/** Whether a class has been admitted more generously than all together, so that it is its turn to give way. */
export function isFavoured({ classes }: Traffic, predictedMs: number): boolean {
  let offered = 0
  let admitted = 0
  for (const { offeredMs, admittedMs } of classes) {
    offered += offeredMs
    admitted += admittedMs
  }
  const own = classes[classOf(predictedMs)]
  if (!own || own.offeredMs === 0 || offered === 0) return false
  return own.admittedMs / own.offeredMs > admitted / offered + 0.05
}

/** Short work that comes in between, as a share of `capacity` (decode time per time). */
export function shorterShare({ classes }: Traffic, predictedMs: number, capacity: number): number {
  if (predictedMs <= SHORT_JOB_MS) return 0
  let admitted = 0
  for (let index = 0; index < classOf(SHORT_JOB_MS); index++) admitted += classes[index]?.admittedMs ?? 0
  return capacity > 0 ? admitted / (MEMORY_MS * capacity) : 0
}
