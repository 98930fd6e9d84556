/** What the platform may do to a pool: clocks that jump, timers that are late, holders that die. Pure. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyPool } from '../../src/pool/initial.ts'
import type { Job, PoolAction, PoolEvent, PoolMember, PoolState } from '../../src/pool/state.ts'
import { nextWakeAt, step } from '../../src/pool/step.ts'
import { seeded } from '../support/seeded.ts'

const START = 1_000_000_000
const HOUR = 3_600_000

const member = (id: string, changes: Partial<PoolMember> = {}): PoolMember => ({
  id,
  models: ['sdxl'],
  slots: 1,
  abortable: true,
  scaleToZero: false,
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

class Stepper {
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

const grants = (actions: readonly PoolAction[]): string[] =>
  actions.flatMap((action) => (action.kind === 'grant' ? [action.ticket] : []))

test('P10: the slot of a holder that was killed comes back by itself, at most 15 s after its decode', () => {
  const pool = new Stepper(member('a'))
  expect(grants(pool.acquire('killed'))).toEqual(['killed'])
  pool.run(15_200)
  expect(pool.leases('a')).toBe(0)
  expect(grants(pool.acquire('next'))).toEqual(['next'])
})

test('P8: a timer that goes off twice, or far too often, changes nothing the second time', () => {
  const pool = new Stepper(member('a'), member('b'))
  for (const ticket of ['1', '2', '3', '4', '5', '6']) pool.acquire(ticket)
  pool.now += 50
  pool.step({ kind: 'tick' })
  const once = pool.state
  for (let i = 0; i < 100; i++) expect(pool.step({ kind: 'tick' })).toEqual([])
  expect(pool.state).toEqual(once)
})

test('P8: a timer that is an hour late ends what is over, once', () => {
  const pool = new Stepper(member('a'))
  for (const ticket of ['1', '2', '3']) pool.acquire(ticket)
  pool.now += HOUR
  const ended = pool.step({ kind: 'tick' }).flatMap((action) => ('ticket' in action ? [action.ticket] : []))
  expect(ended.sort()).toEqual(['2', '3'])
  expect(pool.step({ kind: 'tick' })).toEqual([])
  expect(grants(pool.acquire('next'))).toEqual(['next'])
})

test('P3: what a holder of a former life says of its lease touches none of this life', () => {
  const pool = new Stepper(member('a'))
  pool.acquire('mine')
  const before = pool.state
  pool.step({ kind: 'free', backendId: 'a', leaseId: 99, decoded: true })
  pool.step({ kind: 'abandon', backendId: 'a', leaseId: 99 })
  pool.step({ kind: 'renew', backendId: 'gone', leaseId: 1 })
  expect(pool.state.backends).toEqual(before.backends)
})

test('P3: a decode of a former life that is adopted counts as one that runs', () => {
  const pool = new Stepper(member('a'))
  pool.step({ kind: 'adopt', backendId: 'a', predictedMs: 5_000, elapsedMs: 100 })
  expect(pool.leases('a')).toBe(1)
  expect(grants(pool.acquire('next'))).toEqual([])
})

test('P14: a backend that is taken away finishes what it runs and gets nothing new', () => {
  const pool = new Stepper(member('a'), member('b'))
  pool.acquire('1')
  pool.acquire('2')
  expect(pool.leases('a')).toBe(1)
  const leaseId = pool.state.backends[0]?.leases[0]?.id ?? 0
  pool.step({ kind: 'operate', backendId: 'a', order: 'drain' })
  expect(pool.leases('a')).toBe(1)
  pool.now += 200
  pool.step({ kind: 'free', backendId: 'a', leaseId, decoded: true })
  for (const ticket of ['3', '4', '5']) pool.acquire(ticket)
  expect(pool.leases('a')).toBe(0)
})

describe('P24: probes', () => {
  const broken = (): Stepper => {
    const pool = new Stepper(member('a'))
    pool.acquire('first')
    for (let i = 0; i < 2; i++) pool.step({ kind: 'report', backendId: 'a', evidence: { kind: 'hard' } })
    return pool
  }
  /** Plays the object: every probe fails. */
  const probesIn = (pool: Stepper, ms: number): number => {
    const until = pool.now + ms
    let count = 0
    for (let at = pool.now; at !== undefined && at <= until; at = nextWakeAt(pool.state, pool.now) ?? until + 1) {
      pool.now = at
      for (const action of pool.step({ kind: 'tick' })) {
        if (action.kind !== 'probe') continue
        count++
        pool.now += 10
        pool.step({ kind: 'probed', backendId: action.backendId, test: action.test, result: 'failed' })
      }
    }
    return count
  }

  test('P24: of a dead backend end when nobody has asked for five minutes', () => {
    const pool = broken()
    expect(probesIn(pool, 300_000)).toBeGreaterThan(0)
    pool.now += 10_000
    expect(probesIn(pool, 24 * HOUR)).toBe(0)
    expect(nextWakeAt(pool.state, pool.now)).toBeUndefined()
  })

  test('P24: of a dead backend come at most every second while somebody asks', () => {
    expect(probesIn(broken(), 60_000)).toBeLessThanOrEqual(60)
  })
})

describe('P9: a clock that jumps', () => {
  const jump = fc.oneof(
    fc.integer({ min: 0, max: 2_000 }),
    fc.constantFrom(-HOUR, HOUR, -1, -60_000, 60_000),
  )
  const move = fc.tuple(jump, fc.nat(5), fc.nat(4))

  test('P9: neither hands a slot out twice nor forgets a job, whatever happens meanwhile', () => {
    fc.assert(
      fc.property(fc.array(move, { minLength: 1, maxLength: 80 }), (moves) => {
        const pool = new Stepper(member('a'), member('b', { slots: 2, abortable: false }))
        const waiting = new Set<string>()
        const note = (actions: readonly PoolAction[]): void => {
          for (const action of actions) {
            if (action.kind === 'probe') continue
            // Each ticket ends once.
            expect(waiting.delete(action.ticket)).toBe(true)
          }
        }
        for (const [index, [ms, kind, which]] of moves.entries()) {
          pool.now += ms
          const backend = pool.state.backends[which % 2]
          const lease = backend?.leases[which % 3]
          if (kind < 3) {
            waiting.add(`${index}`)
            note(pool.acquire(`${index}`))
          } else if (kind === 3 || !backend || !lease) {
            note(pool.step({ kind: 'tick' }))
          } else if (kind === 4) {
            note(pool.step({ kind: 'free', backendId: backend.id, leaseId: lease.id, decoded: true }))
          } else {
            note(pool.step({ kind: 'abandon', backendId: backend.id, leaseId: lease.id }))
          }
          for (const { leases, slots, pace } of pool.state.backends) {
            expect(leases.length).toBeLessThanOrEqual(2 * slots)
            expect(pace.speed).toBeGreaterThan(0)
            expect(Number.isFinite(pace.speed + pace.gapMs)).toBe(true)
          }
        }
        // Once the clock is right for as long as anything can last, nothing is left over.
        pool.now = START + 10 * HOUR * moves.length
        for (let i = 0; i < 3; i++) note(pool.step({ kind: 'tick' }))
        expect([...waiting]).toEqual([])
        expect(pool.leases('a') + pool.leases('b')).toBe(0)
      }),
      { ...seeded, numRuns: 500 },
    )
  })
})
