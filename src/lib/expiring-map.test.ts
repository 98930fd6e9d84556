import { expect, test } from 'vitest'
import { ExpiringMap } from './expiring-map.ts'

test('a value is there until its moment', () => {
  const map = new ExpiringMap<string>(10)
  map.set('a', 'one', 100)
  expect(map.get('a', 99)).toBe('one')
  expect(map.get('a', 100)).toBeUndefined()
  expect(map.size).toBe(0)
})

test('of too many values the oldest are forgotten, and one that is set again is young', () => {
  const map = new ExpiringMap<number>(2)
  map.set('a', 1, 100)
  map.set('b', 2, 100)
  map.set('a', 3, 100)
  map.set('c', 4, 100)
  expect(['a', 'b', 'c'].map((name) => map.get(name, 0))).toEqual([3, undefined, 4])
  for (let i = 0; i < 10_000; i++) map.set(`flood-${i}`, i, 100)
  expect(map.size).toBe(2)
})

test('those that are over go when any is looked for, the oldest first', () => {
  const map = new ExpiringMap<number>(10)
  map.set('a', 1, 100)
  map.set('b', 2, 200)
  map.set('c', 3, 300)
  expect(map.get('other', 250)).toBeUndefined()
  expect(map.size).toBe(1)
  expect(map.get('c', 250)).toBe(3)
})
