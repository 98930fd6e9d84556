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
