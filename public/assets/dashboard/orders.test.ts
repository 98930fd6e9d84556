import { expect, test } from 'vitest'
import type { OrderedBackend } from '../../../src/admin/contract.ts'
import { announce, changesBetween } from './changes.ts'
import { whyOf } from './health.ts'
import { orphans, pointless, resultOf } from './orders.ts'
import type { BackendRow } from './rows.ts'

const row = (id: string, models: string[], state: BackendRow['state'] = 'usable'): BackendRow =>
  ({ id, models, state, reason: '' }) as unknown as BackendRow

test('an order that takes the last backend of a model away says so', () => {
  const rows = [row('one', ['sdxl', 'flux']), row('two', ['sdxl']), row('three', ['flux'], 'down')]
  const [one] = rows
  if (!one) throw new Error('no row')
  expect(orphans('drain', one, rows)).toEqual(['flux'])
  expect(orphans('disable', one, rows)).toEqual(['flux'])
  expect(orphans('probe', one, rows)).toEqual([])
  expect(orphans('drain', { ...one, state: 'down' }, rows)).toEqual([])
})

test('an order that would change nothing is not offered', () => {
  expect(pointless('drain', { state: 'drained' })).toBe('It is drained.')
  expect(pointless('enable', { state: 'slow-start' })).toBe('It serves.')
  expect(pointless('enable', { state: 'down' })).toBe('')
  expect(pointless('probe', { state: 'disabled' })).toBe('')
})

test('the result of an order is the state that it left, and what a probe found', () => {
  const backend = {
    id: 'gpu-1',
    state: 'down',
    reason: 'It is out of reach.',
    found: 'failed',
  } as OrderedBackend
  expect(resultOf('probe', backend)).toBe('It failed. gpu-1 is down now. It is out of reach.')
  expect(resultOf('drain', { ...backend, state: 'drained', found: null })).toBe('gpu-1 is drained now.')
})

test('below a state stands why, for how long, and until when', () => {
  const now = Date.parse('2026-11-23T12:00:00Z')
  const one = { reason: 'It was taken out.', until: '2026-11-23T12:00:25Z', busyForMs: 0 }
  expect(whyOf(one, now - 90_000, now)).toBe('It was taken out. For 90 s. Looked at again in 25 s.')
  expect(whyOf({ reason: '', until: null, busyForMs: 0 }, now - 90_000, now)).toBe('')
})

test('changes are told from one answer to the next, and of a first answer there are none', () => {
  const before = [row('one', []), row('two', [])]
  const after = [row('one', []), row('two', [], 'down'), row('three', [], 'cold')]
  expect(changesBetween([], after, 5)).toEqual([])
  expect(changesBetween(before, after, 5)).toEqual([
    { at: 5, backend: 'two', from: 'usable', to: 'down', reason: '' },
  ])
})

test('what is read out is who serves no more and who serves again, in one sentence each', () => {
  const change = (backend: string, from: BackendRow['state'], to: BackendRow['state']) => ({
    at: 0,
    backend,
    from,
    to,
    reason: to === 'down' ? 'It is out of reach.' : '',
  })
  expect(announce([change('one', 'usable', 'down')])).toBe('one out of service. It is out of reach.')
  expect(announce([change('one', 'usable', 'cold'), change('two', 'usable', 'cold')])).toBe(
    '2 backends out of service.',
  )
  expect(announce([change('one', 'half-open', 'slow-start')])).toBe('one in service again.')
  expect(announce([change('one', 'ejected', 'half-open'), change('two', 'slow-start', 'usable')])).toBe('')
})
