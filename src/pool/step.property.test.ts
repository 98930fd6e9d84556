/** The pool under random events and a moving clock: after every single one of them its promises hold. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COLD, frozen, job, member, START, UNREACHABLE } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import type { Evidence, PoolAction, PoolEvent, ProbeTest } from './events.ts'
import { isServing } from './health-states.ts'
import { emptyPool } from './initial.ts'
import { hasDemand } from './probing.ts'
import { schedule } from './schedule.ts'
import { isTooLarge } from './selection.ts'
import type { BackendState, Job, PoolMember, PoolState } from './state.ts'
import { nextWakeAt, step } from './step.ts'
import { healthFor, isBeingLookedInto, isInDoubt, taskOf } from './task-health.ts'
import { MAX_QUEUED, MAX_STAGED_PER_SLOT } from './tuning.ts'

const MODELS = ['m0', 'm1', 'm2']
const IDS = ['b0', 'b1', 'b2', 'b3', 'b4']
const KEYS = ['k0', 'k1', 'k2']

const members: fc.Arbitrary<PoolMember[]> = fc
  .array(
    fc.record({
      models: fc.uniqueArray(fc.constantFrom(...MODELS), { minLength: 1 }),
      slots: fc.integer({ min: 1, max: 3 }),
      abortable: fc.boolean(),
      scaleToZero: fc.boolean(),
    }),
    { minLength: 1, maxLength: IDS.length },
  )
  .map((settings) => settings.map((changes, index) => member(IDS[index] ?? '', changes)))

const model = fc.constantFrom(...MODELS)

const evidence: fc.Arbitrary<Evidence> = fc.oneof(
  fc.constantFrom<Evidence>(COLD, UNREACHABLE),
  fc.record({
    kind: fc.constant('served' as const),
    model,
    instead: fc.uniqueArray(fc.constantFrom(...IDS, 'unheard-of'), { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constantFrom('hard' as const, 'soft' as const, 'misconfigured' as const), model }),
  fc.record({ kind: fc.constant('soft' as const), model, isTimeout: fc.constant(true) }),
  fc.record({ kind: fc.constant('busy' as const), model, retryAfterMs: fc.constantFrom(0, 300, 5_000) }),
  fc.record({
    kind: fc.constant('out-of-memory' as const),
    model: fc.constantFrom(...MODELS),
    predictedMs: fc.constantFrom(400, 9_000),
  }),
)

const failures = fc.array(
  fc
    .tuple(
      fc.constantFrom(...IDS),
      fc.constantFrom('error' as const, 'hang' as const, 'unreachable' as const),
    )
    .map(([backendId, signature]) => ({ backendId, signature })),
  { maxLength: 2 },
)

const command = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary })

/** What happens next. `which` picks among the jobs, leases or probes there are. */
const commands = fc.oneof(
  command(
    8,
    fc.record({
      kind: fc.constant('acquire' as const),
      key: fc.constantFrom(...KEYS),
      model: fc.constantFrom(...MODELS, 'unserved'),
      predictedMs: fc.constantFrom(1, 50, 400, 2_400, 9_000),
      remainingMs: fc.oneof(fc.integer({ min: -10, max: 3_000 }), fc.constantFrom(20_000, 300_000)),
      exclude: fc.uniqueArray(fc.constantFrom(...IDS), { maxLength: 2 }),
      purpose: fc.constantFrom(
        'first' as const,
        'first' as const,
        'retry' as const,
        'hedge' as const,
        'part' as const,
      ),
      failures: fc.oneof(fc.constant([]), failures),
      waitsForStart: fc.boolean(),
    }),
  ),
  command(
    5,
    fc.record({
      kind: fc.constantFrom(
        'free' as const,
        'free' as const,
        'abandon' as const,
        'renew' as const,
        'resize' as const,
      ),
      which: fc.nat({ max: 30 }),
      decoded: fc.boolean(),
      computeMs: fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined }),
      attemptMs: fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined }),
    }),
  ),
  command(
    2,
    fc.record({
      kind: fc.constantFrom('cancel' as const, 'acquire-again' as const),
      which: fc.nat({ max: 30 }),
    }),
  ),
  command(
    4,
    fc.record({
      kind: fc.constant('report' as const),
      backendId: fc.constantFrom(...IDS, 'unheard-of'),
      which: fc.nat({ max: 30 }),
      evidence,
    }),
  ),
  command(
    3,
    fc.record({
      kind: fc.constant('answer' as const),
      which: fc.nat({ max: 30 }),
      result: fc.constantFrom('passed' as const, 'passed' as const, 'asleep' as const, 'failed' as const),
    }),
  ),
  command(
    1,
    fc.record({
      kind: fc.constant('operate' as const),
      backendId: fc.constantFrom(...IDS),
      order: fc.constantFrom('drain' as const, 'disable' as const, 'enable' as const, 'probe' as const),
    }),
  ),
  command(
    1,
    fc.record({
      kind: fc.constant('adopt' as const),
      backendId: fc.constantFrom(...IDS),
      predictedMs: fc.constantFrom(50, 9_000),
      elapsedMs: fc.constantFrom(0, 1_000, 20_000),
    }),
  ),
  // A timer that fires in time, and one that fires late.
  command(4, fc.record({ kind: fc.constant('sleep' as const), ms: fc.integer({ min: 0, max: 4_000 }) })),
  command(1, fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: 0, max: 90_000 }) })),
)
type Command = typeof commands extends fc.Arbitrary<infer T> ? T : never

interface Held {
  readonly backendId: string
  readonly leaseId: number
}

class Model {
  now = START
  state: PoolState
  readonly jobs = new Map<string, Job>()
  readonly outcomes = new Map<string, 'queued' | 'grant' | 'reject'>()
  readonly held: Held[] = []
  readonly adopted = new Set<number>()
  readonly probes: { readonly backendId: string; readonly test: ProbeTest; readonly task?: string }[] = []
  /** Those that were under way when the operator enabled their backend, with which all doubts began anew. */
  readonly forgotten = new Set<unknown>()

  constructor(members: readonly PoolMember[]) {
    this.state = frozen(emptyPool(members, { seed: 1, now: START }))
  }

  run(command: Command): void {
    switch (command.kind) {
      case 'acquire': {
        const { remainingMs, kind, ...changes } = command
        const times = { enqueuedAt: this.now, deadlineAt: this.now + remainingMs }
        this.acquire(job(`t${this.jobs.size}`, { ...changes, ...times }))
        break
      }
      case 'acquire-again': {
        // A caller whose connection broke asks once more, under the ticket that may still be in the queue.
        const again = this.queued[command.which % Math.max(1, this.queued.length)]
        if (again) this.apply({ kind: 'acquire', job: again })
        break
      }
      case 'free':
      case 'renew':
      case 'resize':
      case 'abandon': {
        const { kind, which, decoded, computeMs, attemptMs } = command
        const lease = this.held[which % Math.max(1, this.held.length)] ?? { backendId: 'b0', leaseId: 777 }
        if (kind === 'resize') {
          this.apply({ kind, ...lease, predictedMs: computeMs ?? 100 })
          break
        }
        if (kind !== 'free') {
          this.apply({ kind, ...lease })
          break
        }
        const times = { ...(computeMs && { computeMs }), ...(attemptMs && { attemptMs }) }
        this.apply({ kind, ...lease, decoded, ...times })
        break
      }
      case 'cancel':
        this.apply({ kind: 'cancel', ticket: `t${command.which % (this.jobs.size + 1)}` })
        break
      case 'report': {
        const { kind, which, backendId, evidence } = command
        const held = this.held.filter((lease) => lease.backendId === backendId)
        const leaseId = held[which % Math.max(1, held.length)]?.leaseId ?? 0
        this.apply({ kind, backendId, leaseId, evidence })
        break
      }
      case 'answer': {
        const [asked] = this.probes.splice(command.which % Math.max(1, this.probes.length), 1)
        if (asked) this.apply({ kind: 'probed', ...asked, result: command.result })
        break
      }
      case 'adopt':
        this.adopted.add(this.state.nextLeaseId)
        this.held.push({ backendId: command.backendId, leaseId: this.state.nextLeaseId })
        this.apply(command)
        break
      case 'operate':
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

  acquire(one: Job): void {
    this.jobs.set(one.ticket, one)
    this.outcomes.set(one.ticket, 'queued')
    this.apply({ kind: 'acquire', job: one })
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

  get queued(): readonly Job[] {
    return this.state.lanes.flatMap(({ jobs }) => jobs)
  }

  apply(event: PoolEvent): readonly PoolAction[] {
    const before = this.state
    if (event.kind === 'operate' && event.order === 'enable') {
      for (const asked of this.probes) if (asked.backendId === event.backendId) this.forgotten.add(asked)
    }
    const [next, actions] = step(before, frozen(event), this.now)
    const restored = JSON.parse(JSON.stringify(next)) as PoolState
    expect(restored, 'a state that is plain data').toStrictEqual(next)
    this.state = frozen(restored)
    for (const action of actions) this.note(action, event)
    this.expectSound(before, event)
    return actions
  }

  note(action: PoolAction, event: PoolEvent): void {
    if (action.kind === 'probe') {
      const { backendId, test, task } = action
      if (task === undefined) this.expectOneProbe(backendId, test, event)
      else this.expectOneDecode(backendId, task)
      this.probes.push({ backendId, test, ...(task !== undefined && { task }) })
      return
    }
    const one = this.jobs.get(action.ticket)
    expect(this.outcomes.get(action.ticket), 'one outcome for each ticket').toBe('queued')
    this.outcomes.set(action.ticket, action.kind)
    if (action.kind === 'reject') {
      expect(Number.isFinite(action.retryAfterMs) && action.retryAfterMs >= 0).toBe(true)
      return
    }
    if (one) this.expectGoodGrant(one, action)
    const lease = { backendId: action.backendId, leaseId: action.leaseId }
    expect(this.held, 'a lease of its own').not.toContainEqual(lease)
    this.held.push(lease)
  }

  expectGoodGrant(
    one: Job,
    { backendId, leaseId, startsInMs, expectedMs, waitedForStart }: PoolAction & { kind: 'grant' },
  ): void {
    const found = this.state.backends.find(({ id }) => id === backendId) as BackendState
    expect(found.models, 'a backend that serves the model').toContain(one.model)
    expect(one.exclude, 'no backend that had it already').not.toContain(backendId)
    if (!waitedForStart) expect(one.deadlineAt, 'a grant in time').toBeGreaterThan(this.now)
    const { pausedUntil } = taskOf(found, one.model)
    expect(pausedUntil, 'no backend that asked for time').toBeLessThanOrEqual(this.now)
    expect(isTooLarge(found, one, this.now), 'no backend it is too large for').toBe(false)
    expect(Number.isFinite(startsInMs + expectedMs) && startsInMs >= 0 && expectedMs > 0).toBe(true)
    const { health } = found
    expect(['usable', 'slow-start', 'half-open']).toContain(health.kind)
    if (health.kind === 'half-open') {
      expect(health.isProbing, 'a half-open backend is tried once').toBe(false)
      expect(found.leases.map(({ id }) => id)).toEqual([leaseId])
      expect(one.predictedMs).toBeLessThanOrEqual(500)
    }
    if (health.kind === 'half-open' || isServing(healthFor(found, one.model))) return
    const able = this.state.backends.filter(
      (each) =>
        each.models.includes(one.model) && !one.exclude.includes(each.id) && !isTooLarge(each, one, this.now),
    )
    const serving = able.filter((each) => isServing(healthFor(each, one.model)))
    expect(serving, 'one that is out only when no other serves').toEqual([])
  }

  /** A task in doubt is decoded for once at a time, on a backend that does nothing else. */
  expectOneDecode(backendId: string, task: string): void {
    const found = this.state.backends.find(({ id }) => id === backendId) as BackendState
    expect(isServing(found.health)).toBe(true)
    const isSame = (asked: (typeof this.probes)[number]): boolean =>
      asked.backendId === backendId && asked.task === task && !this.forgotten.has(asked)
    expect(this.probes.filter(isSame)).toEqual([])
    expect(found.tasks.filter(isBeingLookedInto).map((each) => each.task)).toEqual([task])
  }

  /** A backend is woken, and tried, by one call at a time; its operator may ask at any time whether it is there. */
  expectOneProbe(backendId: string, test: ProbeTest, event: PoolEvent): void {
    const found = this.state.backends.find(({ id }) => id === backendId)
    const isOrdered = event.kind === 'operate' && event.order === 'probe' && event.backendId === backendId
    const expected = { health: 'down', wake: 'cold', decode: 'half-open' }[test]
    if (isOrdered && test === 'health') expect(['cold', 'half-open']).not.toContain(found?.health.kind)
    else expect(found?.health.kind).toBe(expected)
    if (found?.health.kind === 'half-open') expect(found.health.isProbing).toBe(true)
    if (found?.health.kind === 'cold') expect(found.health.wakeAt).toBeNull()
  }

  expectSound(before: PoolState, event: PoolEvent): void {
    const { backends, lanes } = this.state
    for (const one of backends) this.expectBounded(one)
    expect(this.queued.map(({ ticket }) => ticket).toSorted()).toEqual(
      [...this.outcomes].flatMap(([ticket, outcome]) => (outcome === 'queued' ? [ticket] : [])).toSorted(),
    )
    expect(this.queued.length).toBeLessThanOrEqual(MAX_QUEUED)
    for (const { deficitMs } of lanes) {
      expect(Math.abs(deficitMs)).toBeLessThanOrEqual(20_000)
    }
    for (const { deadlineAt } of this.queued) expect(deadlineAt).toBeGreaterThan(this.now)
    this.expectNobodyLost(before, event)
    expect(schedule(this.state, this.now)[1], 'no job waits for a place that is free').toEqual([])
    this.expectWoken()
  }

  expectBounded(one: BackendState): void {
    const { leases, slots, record, ceilings, times, tasks, models } = one
    const own = leases.filter(({ id }) => !this.adopted.has(id))
    expect(own.filter(({ phase }) => phase === 'running').length).toBeLessThanOrEqual(slots)
    const staged = own.filter(({ phase }) => phase === 'staged').length
    expect(staged, 'few jobs per slot wait there').toBeLessThanOrEqual(MAX_STAGED_PER_SLOT * slots)
    expect(new Set(leases.map(({ id }) => id)).size).toBe(leases.length)
    for (const { expiresAt } of leases) expect(expiresAt).toBeGreaterThan(this.now)
    expect(record.buckets.length).toBeLessThanOrEqual(11)
    expect(ceilings.length).toBeLessThanOrEqual(32)
    expect(times.deadMs).toBeLessThanOrEqual(2_000)
    for (const { points } of times.curves) {
      for (const { meanMs, deviationMs, leastMs } of points) {
        expect([meanMs, deviationMs, leastMs].every(Number.isFinite)).toBe(true)
        expect(Math.min(meanMs, leastMs)).toBeGreaterThan(0)
        expect(deviationMs).toBeGreaterThanOrEqual(0)
      }
    }
    for (const { task } of tasks) expect(models, 'evidence about its own tasks only').toContain(task)
    if (!isServing(one.health) || leases.length > 0 || !hasDemand(this.state, this.now)) return
    const isLooked = !tasks.some(isInDoubt) || tasks.some(isBeingLookedInto)
    expect(isLooked, 'no task in doubt is forgotten').toBe(true)
  }

  /** What requests show takes out no task of the last backend that serves it. */
  expectNobodyLost(before: PoolState, event: PoolEvent): void {
    if (event.kind === 'probed') return
    const ejected = this.state.backends.flatMap((one) =>
      one.tasks.flatMap(({ task, health }) => {
        const known = before.backends.find(({ id }) => id === one.id) as BackendState
        return health.kind === 'ejected' && taskOf(known, task).health.kind === 'usable' ? [task] : []
      }),
    )
    for (const task of ejected) {
      const others = this.state.backends.filter((each) => each.models.includes(task))
      const isAnyLeft = others.some((each) => isServing(healthFor(each, task)))
      expect(isAnyLeft, 'one that serves is left').toBe(true)
    }
  }

  /** Time alone changes nothing before the pool asked to be woken. */
  expectWoken(): void {
    const { wakeAt } = this
    const isPending = this.queued.length > 0 || this.state.backends.some(({ leases }) => leases.length > 0)
    if (isPending) expect(wakeAt).toBeDefined()
    if (wakeAt === undefined) return
    expect(wakeAt).toBeGreaterThan(this.now)
    // A timer takes a millisecond at least.
    if (wakeAt - this.now <= 1) return
    const [, actions] = step(this.state, { kind: 'tick' }, this.now + (wakeAt - this.now) * 0.999)
    // What is expected of each backend shifts by itself: a grant may have become possible in between, and a job that
    // waits for one to start may have run out of time a little before its deadline.
    const isSoon = wakeAt - this.now < 1_001
    const isDrift = (action: PoolAction): boolean =>
      action.kind === 'grant' ? isSoon : action.kind === 'reject' && action.reason === 'cold'
    expect(actions.filter((action) => !isDrift(action))).toEqual([])
  }

  /** With everybody well and gone the pool empties itself by its own wake-ups. */
  expectHeals(): void {
    for (const { id, health } of this.state.backends) {
      if (health.kind === 'drained' || health.kind === 'disabled')
        this.apply({ kind: 'operate', backendId: id, order: 'enable' })
    }
    // Somebody asks for each model, so that there is demand.
    for (const model of MODELS) {
      const times = { enqueuedAt: this.now, deadlineAt: this.now + 200_000 }
      this.acquire(job(`t${this.jobs.size}`, { model, predictedMs: 10, ...times }))
    }
    const healed = this.now + 95_000
    while (this.now < healed) {
      for (const asked of this.probes.splice(0)) this.apply({ kind: 'probed', ...asked, result: 'passed' })
      for (const lease of this.held.splice(0)) {
        const found = this.state.backends.find(({ id }) => id === lease.backendId)
        const model = found?.leases.find(({ id }) => id === lease.leaseId)?.model
        if (model) this.apply({ kind: 'report', ...lease, evidence: { kind: 'served', model } })
        this.apply({ kind: 'free', ...lease, decoded: true, computeMs: 10 })
      }
      if (this.held.length + this.probes.length > 0) continue
      const { wakeAt } = this
      this.now = Math.min(wakeAt ?? healed, healed)
      this.apply({ kind: 'tick' })
    }
    for (const { id, health, leases, tasks } of this.state.backends) {
      expect(leases, `${id} has nothing to do`).toEqual([])
      // One that is asleep is woken when it is needed, and its tasks are looked into then.
      const inDoubt =
        health.kind === 'cold' ? [] : tasks.filter((one) => isInDoubt(one) || one.health.kind === 'ejected')
      expect(inDoubt, `${id} is well at all its tasks`).toEqual([])
      expect(['usable', 'cold'], `${id} is back`).toContain(health.kind)
    }
    expect(this.state.backends.some(({ health }) => health.kind === 'usable')).toBe(true)
    expect(this.queued.filter((one) => this.isServed(one))).toEqual([])
  }

  /** Whether anybody could take it: not a job that waits for its deadline since its backends are too small for it. */
  isServed(one: Job): boolean {
    return this.state.backends.some(
      (each) =>
        isServing(each.health) &&
        each.models.includes(one.model) &&
        !one.exclude.includes(each.id) &&
        !isTooLarge(each, one, this.now),
    )
  }
}

test('G4: under any events slots are never over-granted, every ticket has one end, nobody waits in vain, and all heals', () => {
  const histories = fc.array(commands, { minLength: 5, maxLength: 80, size: 'max' })
  fc.assert(
    fc.property(members, histories, (members, history) => {
      const model = new Model(members)
      for (const command of history) model.run(command)
      model.expectHeals()
    }),
    { ...seeded, numRuns: 200 },
  )
}, 180_000)
