/** The pool's core with a clock that tests turn, and whatever else may happen to a clock. */

import type { PoolAction, PoolEvent } from '../../src/pool/events.ts'
import { emptyPool } from '../../src/pool/initial.ts'
import type { Job, PoolMember, PoolState } from '../../src/pool/state.ts'
import { nextWakeAt, step } from '../../src/pool/step.ts'

export const START = 1_000_000_000
export const HOUR = 3_600_000

export const member = (id: string, changes: Partial<PoolMember> = {}): PoolMember => ({
  id,
  models: ['sdxl'],
  slots: 1,
  abortable: true,
  scaleToZero: false,
  coldStartWaitMs: 600_000,
  ...changes,
})

const job = (ticket: string, now: number, changes: Partial<Job> = {}): Job => ({
  ticket,
  key: 'key',
  model: 'sdxl',
  predictedMs: 200,
  enqueuedAt: now,
  deadlineAt: now + 60_000,
  exclude: [],
  failures: [],
  purpose: 'first',
  ...changes,
})

export class Stepper {
  state: PoolState
  now = START

  constructor(...members: PoolMember[]) {
    this.state = emptyPool(members, { seed: 7, now: START })
  }

  step(event: PoolEvent): readonly PoolAction[] {
    const [state, actions] = step(this.state, event, this.now)
    this.state = state
    return actions
  }

  acquire(ticket: string): readonly PoolAction[] {
    return this.step({ kind: 'acquire', job: job(ticket, this.now) })
  }

  leases(id: string): number {
    return this.state.backends.find((backend) => backend.id === id)?.leases.length ?? 0
  }

  /** Goes on from timer to timer until nothing is due or so much time has passed. */
  run(ms: number): PoolAction[] {
    const until = this.now + ms
    const actions: PoolAction[] = []
    for (;;) {
      const at = nextWakeAt(this.state, this.now)
      if (at === undefined || at > until) return actions
      this.now = at
      actions.push(...this.step({ kind: 'tick' }))
    }
  }
}

/** Tickets that were granted. */
export const grants = (actions: readonly PoolAction[]): string[] =>
  actions.flatMap((action) => (action.kind === 'grant' ? [action.ticket] : []))
