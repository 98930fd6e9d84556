import { expect, test } from 'vitest'
import type { BackendRow } from './rows.ts'
import { isWorrying, matches, poolsWorstFirst, shownFirst, worriesOf, worstFirst } from './worst-first.ts'

const row = (id: string, changes: Partial<BackendRow> = {}): BackendRow => ({
  id,
  models: ['sdxl'],
  kind: 'vae-backend',
  state: 'usable',
  reason: '',
  until: null,
  slots: 1,
  leases: 0,
  busyForMs: 0,
  speed: 1,
  samples: 10,
  gapMs: 0,
  pool: 'gpu-1',
  shard: null,
  sinceAt: undefined,
  attempts: 0,
  failures: 0,
  reasons: [],
  actualS: null,
  expectedS: null,
  ...changes,
})
const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id)

test('whoever is out of reach stands first, whoever serves as usual last', () => {
  const rows = [
    row('well'),
    row('drained', { state: 'drained' }),
    row('slow', { speed: 2 }),
    row('cold', { state: 'cold' }),
    row('paused', { busyForMs: 1_000 }),
    row('down', { state: 'down' }),
    row('back', { state: 'slow-start' }),
    row('ejected', { state: 'ejected' }),
  ]
  expect(ids(worstFirst(rows))).toEqual([
    'down',
    'ejected',
    'cold',
    'drained',
    'back',
    'slow',
    'paused',
    'well',
  ])
})

test('those that are alike stand by their names, whatever they are doing', () => {
  const rows = [row('gpu-10', { leases: 1 }), row('gpu-2', { attempts: 9 }), row('gpu-1', { speed: 1.2 })]
  expect(ids(worstFirst(rows))).toEqual(['gpu-1', 'gpu-2', 'gpu-10'])
})

test('one that serves is worth a look when it is slow or fails often, with some evidence', () => {
  expect(isWorrying(row('slow', { speed: 2, samples: 1 }))).toBe(false)
  expect(worriesOf(row('slow', { speed: 2 }))).toBe('Its decodes take ×2.00 of what is expected.')
  expect(isWorrying(row('once', { attempts: 1, failures: 1 }))).toBe(false)
  expect(worriesOf(row('often', { attempts: 20, failures: 5, reasons: [['timed-out', 5]] }))).toBe(
    '25 % of its attempts fail: timed-out.',
  )
})

test('all in trouble are shown, and of the others as many as there is room for', () => {
  const bad = Array.from({ length: 20 }, (_, index) => row(`bad-${index}`, { state: 'down' }))
  const well = Array.from({ length: 20 }, (_, index) => row(`well-${index}`))
  expect(shownFirst([...bad, ...well])).toHaveLength(20)
  expect(shownFirst([...bad.slice(0, 3), ...well])).toHaveLength(12)
})

test('a filter finds what has all of its words', () => {
  const one = row('gpu-us-1', { models: ['sdxl', 'flux'], state: 'cold' })
  expect(['', 'US', 'flux cold', 'gpu-1 sd'].map((words) => matches(one, words))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(matches(one, 'flux usable')).toBe(false)
})

test('silent pools stand first, then those of which nobody serves, then those where jobs wait', () => {
  const pool = {
    shard: null,
    models: [],
    isReachable: true,
    queued: 0,
    waitMs: 0,
    size: 1,
    serving: 1,
    waitedS: null,
  }
  const pools = poolsWorstFirst([
    { ...pool, name: 'well' },
    { ...pool, name: 'waits', queued: 3 },
    { ...pool, name: 'out', serving: 0 },
    { ...pool, name: 'silent', isReachable: false, serving: 0 },
  ])
  expect(pools.map(({ name }) => name)).toEqual(['silent', 'out', 'waits', 'well'])
})
