import type { Job } from './state.ts'

export type Sized = Pick<Job, 'model' | 'predictedMs'>

/**
 * Works a thing out once per size: a queue of thousands asks for the same few over and over. To make a name of model and
 * number took a third of what a step costs then.
 */
export function bySize<T>(work: (job: Sized) => T): (job: Sized) => T {
  const known = new Map<string, Map<number, T>>()
  return (job) => {
    let ofModel = known.get(job.model)
    if (!ofModel) {
      ofModel = new Map()
      known.set(job.model, ofModel)
    }
    const before = ofModel.get(job.predictedMs)
    if (before !== undefined) return before
    const found = work(job)
    ofModel.set(job.predictedMs, found)
    return found
  }
}

/** The jobs of one size in a lane. */
export interface Group extends Sized {
  readonly count: number
  readonly firstDeadlineAt: number
}

/** Jobs are never changed in place, and most steps change one lane of many, or none. */
const grouped = new WeakMap<readonly Job[], readonly Group[]>()

export function groupsOf(jobs: readonly Job[]): readonly Group[] {
  const known = grouped.get(jobs)
  if (known) return known
  const groups: { -readonly [Name in keyof Group]: Group[Name] }[] = []
  const groupOf = bySize(({ model, predictedMs }) => {
    const group = { model, predictedMs, count: 0, firstDeadlineAt: Number.POSITIVE_INFINITY }
    groups.push(group)
    return group
  })
  for (const job of jobs) {
    const group = groupOf(job)
    group.count++
    group.firstDeadlineAt = Math.min(group.firstDeadlineAt, job.deadlineAt)
  }
  grouped.set(jobs, groups)
  return groups
}
