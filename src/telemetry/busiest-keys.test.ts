import { describe, expect, test } from 'vitest'
import { BusiestKeys, KEY_OUTCOMES } from './busiest-keys.ts'

const served = KEY_OUTCOMES.indexOf('served')
const refused = KEY_OUTCOMES.indexOf('refused')

/** All requests of all keys, named or not. */
function total(keys: BusiestKeys): number {
  const { keys: named, others } = keys.use
  return [...named.values(), others]
    .flatMap(({ requests }) => requests)
    .reduce((sum, count) => sum + count, 0)
}

describe('the busiest keys', () => {
  test('are told apart by what they got', () => {
    const keys = new BusiestKeys()
    keys.add('a', 'served', 1.5, 0)
    keys.add('a', 'served', 1.5, 0)
    keys.add('a', 'refused', 0, 0)
    keys.add('b', 'left', 0, 0)
    expect(keys.use.keys.get('a')).toEqual({ requests: [2, 1, 0, 0], megapixels: 3 })
    expect(keys.use.keys.get('b')).toEqual({ requests: [0, 0, 0, 1], megapixels: 0 })
  })

  test('are no more than they may be, and nothing is lost of the rest', () => {
    const keys = new BusiestKeys(50)
    for (let i = 0; i < 10_000; i++) keys.add(`key-${i}`, 'served', 1, i)
    expect(keys.use.keys.size).toBe(50)
    expect(total(keys)).toBe(10_000)
    expect(keys.use.others.megapixels).toBe(9_950)
  })

  test('have among them a key that floods, whatever many others do, and however long others have been there', () => {
    const keys = new BusiestKeys(50)
    for (let key = 0; key < 50; key++) for (let i = 0; i < 1_000; i++) keys.add(`old-${key}`, 'served', 1, 0)
    const now = 600_000
    for (let i = 0; i < 5_000; i++) {
      keys.add(`passing-${i}`, 'served', 1, now + i)
      if (i % 10 === 0) keys.add('flooding', 'refused', 0, now + i)
    }
    const flooding = keys.use.keys.get('flooding')
    expect(flooding?.requests[refused]).toBeGreaterThan(450)
    expect(flooding?.requests[served]).toBe(0)
    expect(total(keys)).toBe(50_000 + 5_500)
  })

  test('of two are merged, the flooding one of either among them', () => {
    const [pool, isolate] = [new BusiestKeys(3), new BusiestKeys(3)]
    for (const key of ['a', 'b', 'c']) pool.add(key, 'served', 1, 0)
    for (let i = 0; i < 100; i++) isolate.add('flooding', 'refused', 0, 0)
    isolate.add('d', 'served', 1, 0)
    pool.merge(isolate.take(), 1)
    expect(pool.use.keys.get('flooding')?.requests[refused]).toBe(100)
    expect(pool.use.keys.size).toBe(3)
    expect(total(pool)).toBe(104)
    expect(total(isolate)).toBe(0)
  })
})
