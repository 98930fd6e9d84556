import { describe, expect, test } from 'vitest'
import type { Key } from '../../admin/contract.ts'
import { describeKey, describeKeys, describeUsage, nameOf } from './describe.ts'

const KEY: Key = {
  id: '7c0ffee57a9e0001',
  name: 'alice',
  plan: 'pro',
  models: null,
  overrides: {},
  createdAt: '2026-11-23T08:00:00.000Z',
  expires: null,
  revokedAt: null,
  rotatedTo: null,
  state: 'active',
}
const ELSEWHERE: Key = { ...KEY, name: '', plan: null, createdAt: null }

test('keys stand in a table that is no wider than the terminal', () => {
  const long = { ...KEY, name: 'the-laptop-of-somebody-with-a-very-long-name-indeed' }
  const lines = describeKeys([KEY, long, ELSEWHERE], 80).split('\n')
  expect(lines[1]).toMatch(/^7c0ffee57a9e0001 {2}alice +pro +active {2}2026-11-23 {2}never$/)
  expect(lines[3]).toMatch(/^7c0ffee57a9e0001 +- +active {2}elsewhere {3}never$/)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(describeKeys([], 80)).toBe('The gateway has no keys on its list.')
})

test('a key is told with what is left of its limits', () => {
  const quotas = [
    { policy: 'requests', limit: 60, windowS: 60, remaining: 59.5, resetMs: 400 },
    { policy: 'month', limit: 1e5, windowS: null, remaining: 0.126, resetMs: 0 },
  ] as const
  const text = describeKey({ ...KEY, quotas: [...quotas], inFlight: 2 })
  expect(text).toMatch(/^in flight {3}2$/m)
  expect(text).toMatch(/^requests per minute +59\.5 +60 +1 s$/m)
  expect(text).toMatch(/^megapixels this month +0\.13 +100000$/m)
  expect(text).not.toContain('revoked')
})

test('one that was made elsewhere has no name, and a name cannot move the cursor', () => {
  expect(nameOf(ELSEWHERE)).toBe('Key 7c0ffee57a9e0001')
  expect(nameOf({ ...KEY, name: 'a\u001b[2J' })).toBe('Key 7c0ffee57a9e0001 "a·[2J"')
})

describe('usage', () => {
  test('stands by day and model, with a sum', () => {
    const day = { day: '2026-11-23', model: 'sdxl', requests: 3, megapixels: 3.145728 }
    const lines = describeUsage({
      id: KEY.id,
      days: [day, { ...day, day: '2026-11-22', requests: 1 }],
    }).split('\n')
    expect(lines).toEqual([
      'DAY         MODEL  REQUESTS  MEGAPIXELS',
      '2026-11-23  sdxl          3        3.15',
      '2026-11-22  sdxl          1        3.15',
      'total                     4        6.29',
    ])
  })

  test('may be none', () => {
    expect(describeUsage({ id: KEY.id, days: [] })).toBe('The key was not used in these days.')
  })
})
