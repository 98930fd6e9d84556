/** A pool with a clock that tests turn. */
import {
  type Evidence,
  emptyPool,
  type Job,
  type PoolAction,
  type PoolEvent,
  type PoolMember,
  type PoolState,
} from '../../src/pool/state.ts'
import { nextWakeAt, step } from '../../src/pool/step.ts'

/** When the clock of a test starts. */
export const START = 1_000_000

export const member = (id: string, changes: Partial<PoolMember> = {}): PoolMember => ({
  id,
  models: ['sdxl'],
  slots: 1,
  abortable: true,
  ...changes,
})

export const job = (ticket: string, changes: Partial<Job> = {}): Job => ({
  ticket,
  model: 'sdxl',
  predictedMs: 200,
  deadlineAt: START + 60_000,
  exclude: [],
  ...changes,
})

export class TestPool {
  now = START
  state: PoolState

  constructor(...members: readonly PoolMember[]) {
    this.state = emptyPool(members)
  }

  /** Applies an event and gives what is to be done, in words: `a on gpu-1`, `b: deadline`. */
  step(event: PoolEvent): string[] {
    return this.actions(event).map((action) =>
      action.kind === 'grant'
        ? `${action.ticket} on ${action.backendId}`
        : `${action.ticket}: ${action.reason}`,
    )
  }

  actions(event: PoolEvent): readonly PoolAction[] {
    const [state, actions] = step(this.state, event, this.now)
    this.state = state
    return actions
  }

  acquire(ticket: string, changes: Partial<Job> = {}): string[] {
    return this.step({ kind: 'acquire', job: job(ticket, changes) })
  }

  /** Frees or abandons the lease of the backend that was granted first. */
  end(kind: 'free' | 'abandon', backendId: string): string[] {
    const lease = this.state.leases.find((lease) => lease.backendId === backendId)
    return this.step({ kind, leaseId: lease?.id ?? 0 })
  }

  report(backendId: string, evidence: Evidence, random = 1): string[] {
    return this.step({ kind: 'report', backendId, evidence, random })
  }

  tickAt(now: number): string[] {
    this.now = now
    return this.step({ kind: 'tick' })
  }

  get wakeAt(): number | undefined {
    return nextWakeAt(this.state, this.now)
  }
}
