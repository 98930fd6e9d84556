/** Timers that are late or go off twice, and clocks that jump. Pure. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PoolAction } from '../../src/pool/events.ts'
import { seeded } from '../support/seeded.ts'
import { grants, HOUR, member, START, Stepper } from '../support/stepper.ts'

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

describe('P9: a clock that jumps', () => {
  const jump = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.constantFrom(-HOUR, HOUR, -1, -60_000, 60_000))
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
          for (const { leases, slots, times } of pool.state.backends) {
            expect(leases.length).toBeLessThanOrEqual(2 * slots)
            const learnt = times.curves.flatMap(({ points }) => points.map(({ meanMs }) => meanMs))
            for (const meanMs of learnt) expect(meanMs).toBeGreaterThan(0)
            for (const ms of [...learnt, times.deadMs]) expect(Number.isFinite(ms)).toBe(true)
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
