/** The pool under random events and a moving clock: after every single one of them its promises hold. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { member, START } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { selectBackend } from './selection.ts'
import {
  type Evidence,
  emptyPool,
  type Job,
  type PoolEvent,
  type PoolMember,
  type PoolState,
} from './state.ts'
import { nextWakeAt, step } from './step.ts'

const MODELS = ['m0', 'm1', 'm2']
const IDS = ['b0', 'b1', 'b2', 'b3']

const members: fc.Arbitrary<PoolMember[]> = fc
  .array(
    fc.record({
      models: fc.uniqueArray(fc.constantFrom(...MODELS), { minLength: 1 }),
      slots: fc.integer({ min: 1, max: 3 }),
      abortable: fc.boolean(),
    }),
    { minLength: 1, maxLength: IDS.length },
  )
  .map((settings) => settings.map((changes, i) => member(IDS[i] ?? '', changes)))

const evidence: fc.Arbitrary<Evidence> = fc.oneof(
  fc.constantFrom<Evidence>(
    { kind: 'served' },
    { kind: 'hard' },
    { kind: 'soft' },
    { kind: 'misconfigured' },
  ),
  fc.record({ kind: fc.constant('busy' as const), retryAfterMs: fc.constantFrom(0, 300, 5_000, 999_999) }),
)

/** What happens next. `which` picks among the tickets or leases there have been. */
const commands = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      model: fc.constantFrom(...MODELS, 'unserved'),
      predictedMs: fc.constantFrom(50, 400, 9_000),
      remainingMs: fc.oneof(fc.integer({ min: -10, max: 3_000 }), fc.constant(20_000)),
      exclude: fc.uniqueArray(fc.constantFrom(...IDS), { maxLength: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('free' as const, 'abandon' as const), which: fc.nat() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('cancel' as const, 'acquire-again' as const),
      which: fc.nat(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      backendId: fc.constantFrom(...IDS, 'unheard-of'),
      evidence,
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
  },
  // A timer that fires in time, and one that fires late.
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('sleep' as const), ms: fc.integer({ min: 0, max: 4_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: 0, max: 30_000 }) }),
  },
)
type Command = typeof commands extends fc.Arbitrary<infer T> ? T : never

class Model {
  now = START
  state: PoolState
  readonly jobs = new Map<string, Job>()
  readonly outcomes = new Map<string, 'queued' | 'grant' | 'reject'>()
  readonly leaseIds: number[] = []

  constructor(members: readonly PoolMember[]) {
    this.state = frozen(emptyPool(members))
  }

  run(command: Command): void {
    switch (command.kind) {
      case 'acquire':
        this.acquire(`t${this.jobs.size}`, command)
        break
      case 'acquire-again': {
        // A caller whose connection broke asks once more, under the ticket that may still be in the queue.
        const job = this.state.queue[command.which % this.state.queue.length]
        if (job) this.apply({ kind: 'acquire', job })
        break
      }
      case 'free':
      case 'abandon': {
        const leaseId = this.leaseIds[command.which % this.leaseIds.length] ?? 77
        this.apply({ kind: command.kind, leaseId })
        break
      }
      case 'cancel':
        this.apply({ kind: 'cancel', ticket: `t${command.which % (this.jobs.size + 1)}` })
        break
      case 'report':
        this.apply(command)
        break
      case 'sleep':
        this.sleepUntil(this.now + command.ms)
        break
      case 'jump':
        this.now += command.ms
        this.apply({ kind: 'tick' })
    }
  }

  acquire(ticket: string, { model, predictedMs, remainingMs, exclude }: Command & { kind: 'acquire' }): void {
    const job = { ticket, model, predictedMs, exclude, deadlineAt: this.now + remainingMs }
    this.jobs.set(ticket, job)
    this.outcomes.set(ticket, 'queued')
    this.apply({ kind: 'acquire', job })
  }

  /** Ticks at each moment the pool asked to be woken at. */
  sleepUntil(end: number): void {
    for (let wakeAt = this.wakeAt; wakeAt !== undefined && wakeAt <= end; wakeAt = this.wakeAt) {
      this.now = wakeAt
      this.apply({ kind: 'tick' })
    }
    this.now = Math.max(this.now, end)
  }

  get wakeAt(): number | undefined {
    return nextWakeAt(this.state, this.now)
  }

  apply(event: PoolEvent): void {
    const [next, actions] = step(this.state, event, this.now)
    const before = this.state
    this.state = frozen(next)
    for (const action of actions) {
      const job = this.jobs.get(action.ticket)
      expect(this.outcomes.get(action.ticket), 'one outcome for each ticket').toBe('queued')
      this.outcomes.set(action.ticket, action.kind)
      if (action.kind === 'reject') {
        expect(Number.isFinite(action.retryAfterMs) && action.retryAfterMs >= 0).toBe(true)
        continue
      }
      const backend = before.backends.find(({ id }) => id === action.backendId)
      expect(backend?.models, 'a backend that serves the model').toContain(job?.model)
      expect(job?.exclude, 'no backend that had it already').not.toContain(action.backendId)
      expect(job?.deadlineAt, 'a grant in time').toBeGreaterThan(this.now)
      expect(this.leaseIds, 'a lease of its own').not.toContain(action.leaseId)
      this.leaseIds.push(action.leaseId)
      this.expectNobodyPassedOver(job)
    }
    this.expectSound()
  }

  /** Nobody who came before and wants the same still waits. */
  expectNobodyPassedOver(granted: Job | undefined): void {
    const serial = (ticket: string): number => Number(ticket.slice(1))
    const wants = (job: Job | undefined): string => `${job?.model} ${job?.exclude.toSorted()}`
    const passedOver = this.state.queue.filter(
      (job) => wants(job) === wants(granted) && serial(job.ticket) < serial(granted?.ticket ?? ''),
    )
    expect(passedOver).toEqual([])
  }

  expectSound(): void {
    const { backends, leases, queue } = this.state
    for (const { id, slots } of backends) {
      expect(leases.filter(({ backendId }) => backendId === id).length).toBeLessThanOrEqual(slots)
    }
    const queued = [...this.outcomes].flatMap(([ticket, outcome]) => (outcome === 'queued' ? [ticket] : []))
    expect(queue.map(({ ticket }) => ticket)).toEqual(queued)
    expect(queue.length).toBeLessThanOrEqual(256)
    for (const job of queue) {
      expect(job.deadlineAt).toBeGreaterThan(this.now)
      expect(selectBackend(this.state, job, this.now), 'no job waits for a slot that is free').toBeUndefined()
    }
    const { wakeAt } = this
    expect(wakeAt === undefined).toBe(leases.length === 0 && queue.length === 0)
    if (wakeAt === undefined) return
    expect(wakeAt).toBeGreaterThan(this.now)
    // Just before it wakes there is still nothing to do.
    const [asleep, actions] = step(this.state, { kind: 'tick' }, this.now + (wakeAt - this.now) * 0.999)
    expect(actions).toEqual([])
    expect(asleep).toEqual(this.state)
  }

  /** With everybody gone the pool empties itself by its own wake-ups. */
  expectEmptiesItself(): void {
    for (let ticks = 0; this.wakeAt !== undefined; ticks++) {
      expect(ticks).toBeLessThan(2_000)
      this.now = this.wakeAt
      this.apply({ kind: 'tick' })
    }
    expect([this.state.leases, this.state.queue]).toEqual([[], []])
    expect([...this.outcomes.values()]).not.toContain('queued')
  }
}

/** Whoever changes a state in place is found out. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) frozen(part)
  }
  return value
}

test('G4: under any events slots are never over-granted, every ticket has one end, and nobody waits in vain', () => {
  const histories = fc.array(commands, { minLength: 5, maxLength: 60, size: 'max' })
  fc.assert(
    fc.property(members, histories, (members, history) => {
      const model = new Model(members)
      for (const command of history) model.run(command)
      model.expectEmptiesItself()
    }),
    { ...seeded, numRuns: 400 },
  )
})
