/** The parts of one batch, which stand or fall together. */
import type { Problem } from '../../errors/problem.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Signal } from '../../lib/signal.ts'
import type { Dispatched } from '../dispatch.ts'
import type { BatchJob } from './batch.ts'

/** A part and its answer. */
export interface Served {
  readonly job: BatchJob
  readonly dispatched: Dispatched
}

export class Company {
  /** Fires when no part is wanted any more: the client left, a part failed for good, or the transfer broke off. */
  readonly calledOff = new AbortController()

  constructor(clientLeft: Signal) {
    const callOff = (): void => this.calledOff.abort()
    clientLeft.addEventListener('abort', callOff)
    if (clientLeft.aborted) callOff()
  }

  get signal(): AbortSignal {
    return this.calledOff.signal
  }

  /**
   * All parts in order, or why there is one that cannot be served: then the others are called off, and what they have
   * answered is let go of.
   */
  async all(
    parts: readonly Promise<Result<readonly Served[], Problem>>[],
  ): Promise<Result<readonly Served[], Problem>> {
    let why: Problem | undefined
    const watched = parts.map(async (part) => {
      try {
        const result = await part
        if (!result.ok) why ??= result.error
        return result
      } finally {
        if (why) this.calledOff.abort()
      }
    })
    const settled = await Promise.allSettled(watched)
    const results = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const served = results.flatMap((result) => (result.ok ? result.value : []))
    const broken = settled.find((each) => each.status === 'rejected')
    if (!why && !broken) return ok(served)
    letGo(served)
    if (why) return err(why)
    throw broken?.reason
  }
}

/** Nobody wants these answers any more; nothing is learnt of who gave them. */
export function letGo(parts: readonly Served[]): void {
  for (const { dispatched } of parts) {
    dispatched.answer.abort.abort()
    dispatched.answer.release()
    dispatched.finish('client-gone')
  }
}
