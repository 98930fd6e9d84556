import { describe, expect, test } from 'vitest'
import { backend } from '../../test/support/pool.ts'
import { formatLearnt, NOTHING_LEARNT, readLearnt } from './learnt.ts'
import { recall } from './recall.ts'
import { UNKNOWN_TIMES } from './service-times.ts'
import type { KeptBackend } from './shelf.ts'

const times = (deadMs: number) => ({ ...UNKNOWN_TIMES, deadMs })
const kept = (changes: Partial<KeptBackend> = {}): KeptBackend => ({
  id: 'beta',
  order: null,
  orders: 0,
  learnt: formatLearnt(backend('beta', { times: times(3) })),
  pool: 'alpha',
  ...changes,
})
const none = new Map()
const recalled = (...given: Parameters<typeof recall>) => recall(...given).memories.get('beta')

describe('FA8: what a pool begins with', () => {
  test('is what another pool kept of its backends, order and numbers', () => {
    const shelf = [kept({ order: 'disabled', orders: 1 })]
    expect(recalled('beta', none, none, shelf)).toEqual({ times: times(3), health: { kind: 'disabled' } })
  })

  test('is the later order, wherever that is', () => {
    const own = new Map([['beta', { times: times(2) }]])
    const orders = new Map([['beta', { order: 'drained' as const, orders: 4 }]])
    const later = [kept({ order: null, orders: 5 })]
    const earlier = [kept({ order: 'disabled', orders: 3 })]
    expect(recalled('beta', own, orders, later)).not.toHaveProperty('health')
    expect(recalled('beta', own, orders, earlier)).toMatchObject({ health: { kind: 'drained' } })
    expect(recall('beta', own, orders, later).orders.get('beta')).toEqual({ order: null, orders: 5 })
  })

  test('is what it learnt itself, unless another pool had the backend since', () => {
    const own = new Map([['beta', { times: times(2) }]])
    expect(recalled('beta', own, none, [kept({ pool: 'beta' })])).toEqual({ times: times(2) })
    expect(recalled('beta', own, none, [kept({ pool: 'alpha' })])).toEqual({ times: times(3) })
    expect(recalled('beta', own, none, [])).toEqual({ times: times(2) })
    expect(recalled('beta', own, none, [kept({ learnt: null })])).toEqual({ times: times(2) })
  })

  test('is the order that the release before kept with its numbers', () => {
    const own = new Map([['beta', { times: times(2), health: { kind: 'drained' as const } }]])
    expect(recalled('beta', own, none, [])).toMatchObject({ health: { kind: 'drained' } })
    expect(recall('beta', own, none, []).orders.get('beta')).toEqual({ order: 'drained', orders: 1 })
  })
})

describe('what was learnt, as text', () => {
  test('is read as it was written', () => {
    expect(readLearnt(formatLearnt(backend('a', { times: times(0.25) })))).toEqual({ times: times(0.25) })
  })

  test.each([
    null,
    '',
    'null',
    '[]',
    '{"v":1}',
    '{"v":1,"pace":{}}',
    '{"v":2,"times":null}',
    JSON.stringify({ v: 2, times: { ...UNKNOWN_TIMES, deadMs: -1 } }),
    JSON.stringify({ v: 2, times: { ...UNKNOWN_TIMES, deadMs: '1' } }),
    JSON.stringify({
      v: 2,
      times: { ...UNKNOWN_TIMES, curves: [{ task: 'sdxl', points: [{ sizeMs: 0 }] }] },
    }),
    '{"v":2,"times":{"curves":[],"deadMs":1e999,"coldStart":null}}',
  ])('is nothing where that does not fit: %j', (text) => {
    expect(readLearnt(text)).toBeUndefined()
    const shelf = [kept({ learnt: text, order: 'disabled', orders: 2 })]
    expect(recalled('beta', none, none, shelf)).toEqual({ ...NOTHING_LEARNT, health: { kind: 'disabled' } })
  })
})
