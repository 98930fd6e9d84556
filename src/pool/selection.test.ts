import { describe, expect, test } from 'vitest'
import { job, member, START } from '../../test/support/pool.ts'
import { candidatesOf, estimateWaitMs, selectBackend } from './selection.ts'
import {
  type BackendState,
  emptyPool,
  type Lease,
  type Pause,
  type PoolMember,
  type PoolState,
} from './state.ts'

let serial = 0
const lease = (backendId: string, predictedMs = 200, grantedAt = START): Lease => ({
  id: ++serial,
  backendId,
  predictedMs,
  grantedAt,
  phase: 'running',
  endsAt: START + 65_000,
})

interface Setup {
  members: PoolMember[]
  leases?: Lease[]
  pauses?: Record<string, Pause>
  lastGrants?: Record<string, number>
}
const poolOf = ({ members, leases = [], pauses = {}, lastGrants = {} }: Setup): PoolState => {
  const state = emptyPool(members)
  const backends = state.backends.map(
    (backend): BackendState => ({
      ...backend,
      pause: pauses[backend.id] ?? null,
      lastGrantAt: lastGrants[backend.id] ?? 0,
    }),
  )
  return { ...state, backends, leases }
}
const chosen = (setup: Setup, changes: Parameters<typeof job>[1] = {}): string | undefined =>
  selectBackend(poolOf(setup), job('t', changes), START)?.id

const [A, B] = [member('a'), member('b')]
const down: Pause = { kind: 'down', until: START + 1_000 }
const busy: Pause = { kind: 'busy', until: START + 1_000 }

describe('a job goes to', () => {
  test.each<[string, Setup, string]>([
    ['the only backend', { members: [A] }, 'a'],
    ['the first of two that never had one', { members: [A, B] }, 'a'],
    [
      'the one that has been idle for longer',
      { members: [A, B], lastGrants: { a: START - 1, b: START - 2 } },
      'b',
    ],
    ['the one with a free slot', { members: [A, B], leases: [lease('a')] }, 'b'],
    [
      'the one with less work per slot',
      {
        members: [member('a', { slots: 4 }), member('b', { slots: 2 })],
        leases: [lease('a', 1_000), lease('b', 400)],
      },
      'b',
    ],
    [
      'the one with more slots at the same work',
      {
        members: [member('a', { slots: 2 }), member('b', { slots: 4 })],
        leases: [lease('a', 1_000), lease('b', 1_000)],
      },
      'b',
    ],
    [
      'the one whose work is nearly done',
      {
        members: [member('a', { slots: 2 }), member('b', { slots: 2 })],
        leases: [lease('a', 500), lease('b', 5_000, START - 4_900)],
      },
      'b',
    ],
    [
      'one whose work takes longer than predicted as if it were idle',
      {
        members: [member('a', { slots: 2 }), member('b', { slots: 2 })],
        leases: [lease('a', 100), lease('b', 100, START - 9_000)],
      },
      'b',
    ],
    ['one that is up before one that is down', { members: [A, B], pauses: { a: down } }, 'b'],
    ['one that is down when there is no other', { members: [A, B], pauses: { a: down, b: down } }, 'a'],
    [
      'one that is down when the other asked for time',
      { members: [A, B], pauses: { a: down, b: busy } },
      'a',
    ],
    ['one whose pause is over', { members: [A], pauses: { a: { kind: 'busy', until: START } } }, 'a'],
  ])('%s', (_, setup, id) => {
    expect(chosen(setup)).toBe(id)
  })

  test.each<[string, Setup]>([
    ['all slots are taken', { members: [A], leases: [lease('a')] }],
    ['draining leases hold the slots', { members: [A], leases: [{ ...lease('a'), phase: 'draining' }] }],
    ['everybody asked for time', { members: [A, B], pauses: { a: busy, b: busy } }],
    ['one is full and the other down', { members: [A, B], leases: [lease('a')], pauses: { b: down } }],
    ['nobody serves the model', { members: [member('a', { models: ['flux'] })] }],
    ['there are no backends', { members: [] }],
  ])('nobody while %s', (_, setup) => {
    expect(chosen(setup)).toBeUndefined()
  })

  test('nobody who had it already', () => {
    expect(chosen({ members: [A, B] }, { exclude: ['a'] })).toBe('b')
    expect(chosen({ members: [A, B] }, { exclude: ['a', 'b'] })).toBeUndefined()
    // The other one being excluded, the backend that is down is the only one left.
    expect(chosen({ members: [A, B], pauses: { b: down } }, { exclude: ['a'] })).toBe('b')
  })

  test('somebody who serves its model', () => {
    const members = [member('a', { models: ['flux'] }), member('b', { models: ['flux', 'sd3'] })]
    expect(chosen({ members }, { model: 'sd3' })).toBe('b')
    expect(candidatesOf(poolOf({ members }), job('t', { model: 'flux' })).map(({ id }) => id)).toEqual([
      'a',
      'b',
    ])
  })
})

describe('the wait of a new job', () => {
  const estimate = (setup: Setup, queue: number[] = [], changes: Parameters<typeof job>[1] = {}): number => {
    const queued = queue.map((predictedMs, i) => job(`q${i}`, { predictedMs }))
    return estimateWaitMs({ ...poolOf(setup), queue: queued }, job('t', changes), START)
  }

  test('is nothing where there is nothing to do', () => {
    expect(estimate({ members: [A] })).toBe(0)
  })

  test('is all work over all slots', () => {
    expect(estimate({ members: [A, B], leases: [lease('a', 600), lease('b', 400)] }, [300, 700])).toBe(1_000)
  })

  test('counts what is left of the work, and no work of backends that cannot have the job', () => {
    expect(estimate({ members: [A], leases: [lease('a', 600, START - 500)] })).toBe(100)
    expect(estimate({ members: [A, B], leases: [lease('a', 600)] }, [], { exclude: ['a'] })).toBe(0)
  })

  test('lasts as long as everybody asked for', () => {
    expect(estimate({ members: [A, B], pauses: { a: busy, b: { kind: 'busy', until: START + 400 } } })).toBe(
      400,
    )
    expect(estimate({ members: [A, B], pauses: { a: busy } })).toBe(0)
  })

  test('is a number that can be sent, even where nobody can have the job', () => {
    expect(estimate({ members: [] })).toBe(0)
    expect(estimate({ members: [A] }, [], { exclude: ['a'] })).toBe(0)
  })
})
