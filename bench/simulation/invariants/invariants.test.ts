/** Every promise catches a pool that breaks it, and lets a sound one pass: the tester is tested. */
import { describe, expect, test } from 'vitest'
import type { PoolAction } from '../../../src/pool/events.ts'
import { emptyPool } from '../../../src/pool/initial.ts'
import type { ServiceTimes } from '../../../src/pool/service-times.ts'
import type {
  BackendState,
  Job,
  Lane,
  Lease,
  PoolMember,
  PoolState,
  TaskRecord,
} from '../../../src/pool/state.ts'
import { hasRecovered, leaksNothing } from './ending.ts'
import { freshHistory, type History, type Invariant, type Observed } from './observed.ts'
import { keepLedger } from './order.ts'
import { BrokenPromise, CHEAP, Overseer, THOROUGH } from './overseer.ts'

const NOW = 100_000

const MEMBERS: readonly PoolMember[] = ['b0', 'b1'].map((id) => ({
  id,
  models: ['m'],
  slots: 1,
  abortable: false,
  scaleToZero: false,
  coldStartWaitMs: 600_000,
}))

const learnt = (meanMs: number): ServiceTimes => ({
  curves: [
    {
      task: 'm',
      points: [100, 200].map((sizeMs) => ({ sizeMs, meanMs, leastMs: meanMs, deviationMs: 5, samples: 9 })),
    },
  ],
  deadMs: 10,
  coldStart: null,
})

/** Both have shown that they are equally fast. */
const POOL = emptyPool(MEMBERS, {
  seed: 1,
  now: 0,
  memories: new Map(MEMBERS.map(({ id }) => [id, { times: learnt(100) }])),
})

const task = (changes: Partial<TaskRecord>): Partial<BackendState> => ({
  tasks: [
    {
      task: 'm',
      health: { kind: 'usable' },
      cause: null,
      record: { hard: 0, soft: 0, buckets: [], relapses: 0, relapsedAt: 0, failedAt: 0 },
      pausedUntil: 0,
      suspicion: null,
      clearedAt: 0,
      cleared: 0,
      ...changes,
    },
  ],
})

const lease = (id: number, phase: Lease['phase'] = 'running'): Lease => ({
  id,
  key: 'k',
  predictedMs: 100,
  grantedAt: NOW,
  phase,
  startsAt: NOW,
  endsAt: NOW + 100,
  expiresAt: NOW + 10_000,
  isHedge: false,
  isRetry: false,
  model: 'm',
  wasStaged: false,
  isOld: false,
  isLearnt: true,
})

const job = (ticket: string, changes: Partial<Job> = {}): Job => ({
  ticket,
  key: 'k',
  model: 'm',
  predictedMs: 100,
  enqueuedAt: NOW - 1_000,
  deadlineAt: NOW + 30_000,
  exclude: [],
  failures: [],
  purpose: 'first',
  ...changes,
})

const lane = (jobs: readonly Job[], key = 'k'): Lane => ({ key, isLong: false, deficitMs: 0, jobs })

/** The pool with changes to its first backend. */
const pool = (changes: Partial<BackendState> = {}, lanes: readonly Lane[] = []): PoolState => ({
  ...POOL,
  nextLeaseId: 10,
  lanes,
  backends: POOL.backends.map((backend, at) => (at === 0 ? { ...backend, ...changes } : backend)),
})

const grant = (ticket: string, leaseId = 5, backendId = 'b0'): PoolAction => ({
  kind: 'grant',
  ticket,
  leaseId,
  backendId,
  startsInMs: 60,
  expectedMs: 100,
  deviationMs: 5,
  isLearnt: true,
  isTrusted: true,
})

const observed = (after: PoolState, changes: Partial<Observed> = {}): Observed => ({
  before: POOL,
  event: { kind: 'tick' },
  serial: -1,
  after,
  actions: [],
  now: NOW,
  ...changes,
})

const waitingFor = (...jobs: Job[]): History => ({
  ...freshHistory(),
  waiting: new Map(jobs.map((waiting) => [waiting.ticket, waiting])),
})

interface Case {
  readonly sound: readonly [Observed, History?]
  readonly broken: Readonly<Record<string, readonly [Observed, History?]>>
}

const granted = observed(pool({ leases: [lease(5)] }), { actions: [grant('a')] })
const out = (health: BackendState['health'], changes: Partial<BackendState> = {}): Observed =>
  observed(pool({ health, leases: [lease(5)], ...changes }), { actions: [grant('a')] })
const busy: Partial<BackendState> = { leases: [lease(5)] }

/** Keys k and l began to wait when k had been granted 5 s more; by how much that has grown. */
const ledger = (growthMs: number): History => ({
  ...freshHistory(),
  granted: new Map([
    ['k', 105_000 + growthMs],
    ['l', 100_000],
  ]),
  leads: new Map([
    ['k', new Map()],
    ['l', new Map([['k', 5_000]])],
  ]),
})

const CASES: Readonly<Record<string, Case>> = {
  'I1 keeps places': {
    sound: [observed(pool({ leases: [lease(1), lease(2, 'staged')] }))],
    broken: {
      'six leases': [
        observed(pool({ leases: [lease(1), ...[2, 3, 4, 5, 6].map((id) => lease(id, 'staged'))] })),
      ],
      'two that run': [observed(pool({ leases: [lease(1), lease(2)] }))],
      'staged behind nothing': [observed(pool({ leases: [lease(1, 'staged')] }))],
    },
  },
  'I2 answers once': {
    sound: [granted, waitingFor(job('a'))],
    broken: {
      'nobody asked': [granted, waitingFor(job('b'))],
      twice: [observed(pool(busy), { actions: [grant('a'), grant('a', 6)] }), waitingFor(job('a'))],
    },
  },
  'I2 forgets nobody': {
    sound: [observed(pool({}, [lane([job('a')])])), waitingFor(job('a'))],
    broken: {
      'lost from the queue': [observed(pool()), waitingFor(job('a'))],
      'left in the queue': [
        observed(pool({}, [lane([job('a')])]), { actions: [grant('a')] }),
        waitingFor(job('a')),
      ],
      'a stranger': [observed(pool({}, [lane([job('z')])])), waitingFor()],
    },
  },
  'I3 leaves nothing undone': {
    sound: [observed(pool())],
    broken: { 'an idle pool': [observed(pool({}, [lane([job('a')])])), waitingFor(job('a'))] },
  },
  'I3 wakes in time': {
    sound: [observed(pool({ leases: [lease(1)] }, [lane([job('a')])]))],
    broken: {
      'no timer': [observed(pool({}, [lane([job('a', { deadlineAt: Number.NaN })])]))],
    },
  },
  'I3 lets nobody idle': {
    sound: [observed(pool(task({ pausedUntil: NOW + 1 }), [lane([job('a', { exclude: ['b1'] })])]))],
    broken: { 'one idles': [observed(pool({}, [lane([job('a')])]))] },
  },
  'I4 conserves leases': {
    sound: [granted],
    broken: {
      'from nowhere': [observed(pool(busy))],
      'granted and nowhere': [observed(pool(task({})), { actions: [grant('a')] })],
      lost: [observed(pool(), { before: pool(busy) })],
      'ended instead of another': [
        observed(pool(), {
          before: pool(busy),
          event: { kind: 'free', backendId: 'b0', leaseId: 4, decoded: true },
        }),
      ],
      'there twice': [observed(pool({ leases: [lease(5), lease(5)] }), { actions: [grant('a')] })],
      'of the future': [observed(pool({ leases: [lease(50)] }), { actions: [grant('a', 50)] })],
    },
  },
  'I5 grants in time': {
    sound: [granted, waitingFor(job('a'))],
    broken: { late: [granted, waitingFor(job('a', { deadlineAt: NOW }))] },
  },
  'I6 tries elsewhere': {
    sound: [granted, waitingFor(job('a', { exclude: ['b1'] }))],
    broken: {
      'an excluded one': [granted, waitingFor(job('a', { exclude: ['b0'] }))],
      'a fourth time': [
        granted,
        waitingFor(
          job('a', { failures: ['x', 'y', 'z'].map((backendId) => ({ backendId, signature: 'error' })) }),
        ),
      ],
    },
  },
  'I7 keeps shares': {
    sound: [observed(pool()), ledger(30_000)],
    broken: {
      'the newer one ahead': [observed(pool()), ledger(-60_000)],
      'the older one ahead': [observed(pool()), ledger(60_000)],
    },
  },
  'I8 keeps order': {
    sound: [
      observed(pool(busy, [lane([job('old', { predictedMs: 200 })])]), { actions: [grant('a')] }),
      waitingFor(job('a'), job('old')),
    ],
    broken: {
      'an older one waits': [
        observed(pool(busy, [lane([job('old', { enqueuedAt: NOW - 2_000, deadlineAt: NOW + 29_000 })])]), {
          actions: [grant('a')],
        }),
        waitingFor(job('a')),
      ],
    },
  },
  'I9 spares the sick': {
    sound: [out({ kind: 'half-open', isProbing: false }), waitingFor(job('a'))],
    broken: {
      'one that is down': [
        out({ kind: 'down', until: NOW + 1, probeAt: NOW + 1, isSure: false }),
        waitingFor(job('a')),
      ],
      'one that sleeps': [out({ kind: 'cold', since: 0, tries: 0, wakeAt: null }), waitingFor(job('a'))],
      'one that is drained': [out({ kind: 'drained' }), waitingFor(job('a'))],
      'one that is probed': [out({ kind: 'half-open', isProbing: true }), waitingFor(job('a'))],
      'a large job, half-open': [
        out({ kind: 'half-open', isProbing: false }),
        waitingFor(job('a', { predictedMs: 501 })),
      ],
      'one that asked for time': [
        out({ kind: 'usable' }, task({ pausedUntil: NOW + 1 })),
        waitingFor(job('a')),
      ],
      'one out for this model': [
        out({ kind: 'usable' }, task({ health: { kind: 'half-open', isProbing: false } })),
        waitingFor(job('a')),
      ],
      'one ejected without need': [
        out({ kind: 'usable' }, task({ health: { kind: 'ejected', until: NOW + 1 } })),
        waitingFor(job('a')),
      ],
    },
  },
  'I10 blames once': {
    sound: [
      { ...observed(pool()), serial: 7 },
      { ...freshHistory(), ejections: new Map([[7, 1]]) },
    ],
    broken: {
      'two for one': [
        { ...observed(pool()), serial: 7 },
        { ...freshHistory(), ejections: new Map([[7, 2]]) },
      ],
    },
  },
  'I11 stays small': {
    sound: [observed(pool({}, [lane([job('a')])]))],
    broken: {
      'too many jobs': [observed(pool({}, [lane(Array.from({ length: 4_101 }, (_, at) => job(`j${at}`)))]))],
      'an empty lane': [observed(pool({}, [lane([])]))],
      'no number': [observed(pool({ times: learnt(Number.NaN) }))],
      'a job that failed too often': [
        observed(
          pool({}, [
            lane([
              job('a', {
                failures: Array.from({ length: 24 }, () => ({ backendId: 'x', signature: 'hang' as const })),
              }),
            ]),
          ]),
        ),
      ],
    },
  },
}

const INVARIANTS: Readonly<Record<string, Invariant>> = { ...CHEAP, ...THOROUGH }

test('has a case for every promise', () => {
  expect(Object.keys(CASES).sort()).toEqual(Object.keys(INVARIANTS).sort())
})

describe.each(Object.entries(CASES))('%s', (name, { sound, broken }) => {
  const isKept = INVARIANTS[name] as Invariant

  test('is kept by a sound pool', () => {
    expect(isKept(sound[0], sound[1] ?? freshHistory())).toBeUndefined()
  })

  test.each(Object.entries(broken))('is broken by: %s', (_, [step, history = freshHistory()]) => {
    expect(isKept(step, history)).toBeTypeOf('string')
  })
})

test('the ledger compares two keys from when both wait, and forgets one that does not wait any more', () => {
  const history = waitingFor(job('a'))
  const both = pool({}, [lane([job('b')]), lane([job('c', { key: 'l' })], 'l')])
  keepLedger(observed(pool({}, [lane([job('b')])]), { actions: [grant('a')] }), history)
  keepLedger(observed(both, { actions: [grant('a')] }), history)
  expect([...history.granted]).toEqual([['k', 200]])
  expect(history.leads.get('l')?.get('k')).toBe(200)
  keepLedger(observed(pool({}, [lane([job('c', { key: 'l' })], 'l')])), history)
  expect([...(history.leads.get('l') ?? [])]).toEqual([])
})

test('a pool that never gives a lease back is found out', () => {
  expect(leaksNothing(pool({ leases: [lease(1)] }), NOW)).toBeUndefined()
  expect(
    leaksNothing(pool({ leases: [{ ...lease(1), expiresAt: Number.POSITIVE_INFINITY }] }), NOW),
  ).toContain('for ever')
})

test('a backend that stays out is found out', () => {
  const out = pool(task({ health: { kind: 'ejected', until: NOW } }))
  expect(hasRecovered(pool(), new Set(['b0']))).toBeUndefined()
  expect(hasRecovered(out, new Set(['b0']))).toBe('b0 is still ejected')
  expect(hasRecovered(out, new Set())).toBeUndefined()
})

test('the overseer stops at the first broken promise and says when and after what', () => {
  const overseer = new Overseer(1)
  overseer.began()
  expect(() => overseer.stepped(observed(pool(busy), { actions: [grant('a')] }))).toThrow(BrokenPromise)
  expect(() => overseer.stepped(observed(pool(busy), { actions: [grant('a')] }))).toThrow(
    /^I2 answers once: a was answered twice, at 100000.000 ms, after {"kind":"tick"}/,
  )
})
