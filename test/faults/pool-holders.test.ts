/** Holders of slots that die, lives of the pool that overlap, backends that are far away or taken away. Pure. */
import { describe, expect, test } from 'vitest'
import { nextWakeAt } from '../../src/pool/step.ts'
import { grants, HOUR, member, Stepper } from '../support/stepper.ts'

test('P10: the slot of a holder that was killed comes back by itself, at most 15 s after its decode', () => {
  const pool = new Stepper(member('a'))
  expect(grants(pool.acquire('killed'))).toEqual(['killed'])
  pool.run(15_200)
  expect(pool.leases('a')).toBe(0)
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

test('P20: a pool far from its backends learns how far, and does not wait for an answer to send the next job', () => {
  const pool = new Stepper(member('a'))
  const computeMs = 200
  const serve = (ticket: string): void => {
    pool.acquire(ticket)
    const leaseId = pool.state.backends[0]?.leases[0]?.id ?? 0
    pool.now += computeMs + 300
    const times = { attemptMs: computeMs + 300, computeMs, decoded: true }
    pool.step({ kind: 'free', backendId: 'a', leaseId, ...times })
  }
  for (let i = 0; i < 20; i++) serve(`${i}`)
  expect(pool.state.backends[0]?.times.deadMs).toBeGreaterThan(150)
  pool.acquire('running')
  const actions = [...pool.acquire('next'), ...pool.run(computeMs)]
  expect(grants(actions)).toEqual(['next'])
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
    const leaseId = pool.state.backends[0]?.leases[0]?.id ?? 0
    for (let i = 0; i < 2; i++)
      pool.step({ kind: 'report', backendId: 'a', leaseId, evidence: { kind: 'unreachable' } })
    return pool
  }
  /** Plays the object: every probe fails. */
  const probesIn = (pool: Stepper, ms: number): number => {
    const until = pool.now + ms
    let count = 0
    for (
      let at = pool.now;
      at !== undefined && at <= until;
      at = nextWakeAt(pool.state, pool.now) ?? until + 1
    ) {
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
