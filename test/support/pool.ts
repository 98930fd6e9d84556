/** A pool with a clock that tests turn. */

import type {
  Accusation,
  Evidence,
  PoolAction,
  PoolEvent,
  ProbeResult,
  ProbeTest,
} from '../../src/pool/events.ts'
import { emptyPool } from '../../src/pool/initial.ts'
import { type Point, type ServiceTimes, UNKNOWN_TIMES } from '../../src/pool/service-times.ts'
import type { BackendState, Job, Lease, PoolMember, PoolState, TaskRecord } from '../../src/pool/state.ts'
import { nextWakeAt, step } from '../../src/pool/step.ts'
import { healthFor, taskOf } from '../../src/pool/task-health.ts'
import { NO_RECORD } from '../../src/pool/track-record.ts'

/** When the clock of a test starts. */
export const START = 1_000_000

/** A pool of tests has been up for so long: it knows what its backends do. */
const UP_MS = 600_000

export const member = (id: string, changes: Partial<PoolMember> = {}): PoolMember => ({
  id,
  models: ['sdxl'],
  slots: 1,
  abortable: true,
  scaleToZero: false,
  coldStartWaitMs: 600_000,
  ...changes,
})

export const job = (ticket: string, changes: Partial<Job> = {}): Job => ({
  ticket,
  key: 'key',
  model: 'sdxl',
  predictedMs: 200,
  enqueuedAt: START,
  deadlineAt: START + 60_000,
  exclude: [],
  failures: [],
  purpose: 'first',
  ...changes,
})

/** What attempts at the model of tests show. */
export const SERVED = { kind: 'served', model: 'sdxl' } as const
export const HARD = { kind: 'hard', model: 'sdxl' } as const
export const SOFT = { kind: 'soft', model: 'sdxl' } as const
export const TIMEOUT = { kind: 'soft', model: 'sdxl', isTimeout: true } as const
export const REFUSED = { kind: 'misconfigured', model: 'sdxl' } as const
export const UNREACHABLE = { kind: 'unreachable' } as const
export const COLD = { kind: 'cold' } as const
export const busy = (retryAfterMs: number): Accusation => ({ kind: 'busy', model: 'sdxl', retryAfterMs })

/** A backend that takes so long for a job of tests, on good evidence. */
export const known = (meanMs: number, changes: Partial<Point> = {}): ServiceTimes => ({
  ...UNKNOWN_TIMES,
  curves: [
    {
      task: 'sdxl',
      points: [{ sizeMs: 200, meanMs, deviationMs: 0, leastMs: meanMs, samples: 100, ...changes }],
    },
  ],
})

/** The task of tests in another state than usable, and whatever else is known of it. */
export const task = (changes: Partial<TaskRecord> = {}): TaskRecord => ({
  ...taskOf({ tasks: [] }, 'sdxl'),
  ...changes,
})

/** A decode that began just now. */
export const lease = (changes: Partial<Lease> = {}): Lease => ({
  id: 1,
  key: 'key',
  model: 'sdxl',
  predictedMs: 200,
  grantedAt: START,
  wasStaged: false,
  isLearnt: true,
  isOld: false,
  phase: 'running',
  startsAt: START,
  endsAt: START + 200,
  expiresAt: START + 10_000,
  isHedge: false,
  isRetry: false,
  ...changes,
})

export const backend = (id: string, changes: Partial<BackendState> = {}): BackendState => ({
  ...member(id),
  health: { kind: 'usable' },
  cause: null,
  record: NO_RECORD,
  tasks: [],
  times: UNKNOWN_TIMES,
  ceilings: [],
  proven: [],
  leases: [],
  lastGrantAt: 0,
  ...changes,
})

export const pool = (backends: readonly BackendState[], changes: Partial<PoolState> = {}): PoolState => ({
  ...emptyPool([], { seed: 7, now: START - UP_MS }),
  backends,
  ...changes,
})

/** In words: `a on gpu-1`, `b: deadline`, `gpu-2? wake`. */
export function words(action: PoolAction): string {
  switch (action.kind) {
    case 'grant':
      return `${action.ticket} on ${action.backendId}`
    case 'reject':
      return `${action.ticket}: ${action.reason}`
    case 'probe':
      return `${action.backendId}? ${action.test}${action.task === undefined ? '' : ` ${action.task}`}`
  }
}

/** Whoever changes a state in place is found out. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) frozen(part)
  }
  return value
}

export class TestPool {
  now = START
  state: PoolState

  constructor(...backends: readonly (PoolMember | BackendState)[]) {
    this.state = pool(backends.map((one) => backend(one.id, one)))
  }

  /** Applies an event and gives what is to be done, in words. */
  step(event: PoolEvent): string[] {
    return this.actions(event).map(words)
  }

  actions(event: PoolEvent): readonly PoolAction[] {
    const [state, actions] = step(frozen(this.state), event, this.now)
    this.state = state
    return actions
  }

  acquire(ticket: string, changes: Partial<Job> = {}): string[] {
    const times = { enqueuedAt: this.now, deadlineAt: this.now + 60_000 }
    return this.step({ kind: 'acquire', job: job(ticket, { ...times, ...changes }) })
  }

  /** Frees or abandons the lease of the backend that was granted first; a decode took what was predicted. */
  end(kind: 'free' | 'abandon', backendId: string): string[] {
    const first = this.backend(backendId).leases[0]
    const leaseId = first?.id ?? 0
    if (kind === 'abandon') return this.step({ kind, backendId, leaseId })
    return this.step({ kind, backendId, leaseId, decoded: true, computeMs: first?.predictedMs ?? 1 })
  }

  report(backendId: string, ...evidence: readonly Evidence[]): string[] {
    return evidence.flatMap((one) => this.step({ kind: 'report', backendId, leaseId: 0, evidence: one }))
  }

  /** @param task that a decode was asked for because of what jobs had shown */
  probed(backendId: string, test: ProbeTest, result: ProbeResult, task?: string): string[] {
    return this.step({ kind: 'probed', backendId, test, result, task })
  }

  operate(backendId: string, order: 'drain' | 'disable' | 'enable' | 'probe'): string[] {
    return this.step({ kind: 'operate', backendId, order })
  }

  tickAt(now: number): string[] {
    this.now = now
    return this.step({ kind: 'tick' })
  }

  /** Ticks whenever the pool asks for it, until then. */
  sleepUntil(end: number): string[] {
    const done: string[] = []
    for (let at = this.wakeAt; at !== undefined && at <= end; at = this.wakeAt) done.push(...this.tickAt(at))
    this.now = end
    return done
  }

  get wakeAt(): number | undefined {
    return nextWakeAt(this.state, this.now)
  }

  backend(id: string): BackendState {
    const found = this.state.backends.find((one) => one.id === id)
    if (!found) throw new Error(`no ${id}`)
    return found
  }

  /** The state that counts for a task of the backend. */
  health(id: string, task = 'sdxl'): ReturnType<typeof healthFor>['kind'] {
    return healthFor(this.backend(id), task).kind
  }

  /** Tickets that wait, in the order of keys and of their lanes. */
  get queued(): string[] {
    return this.state.lanes.flatMap(({ jobs }) => jobs.map(({ ticket }) => ticket))
  }
}
