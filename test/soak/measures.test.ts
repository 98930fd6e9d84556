/** The measures of the soak: that they would see what they look for. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { canaryForms, canaryScanner } from './canary.ts'
import { seededChance } from './chance.ts'
import { LogBook } from './log-book.ts'
import { readOptions } from './options.ts'
import { slopeOf, steadiness } from './steadiness.ts'

const canary = randomBytes(32)

test.each(canaryForms(canary).map((form, index) => [index, form] as const))(
  'finds the canary in its form %i inside a line',
  (_index, form) => {
    expect(canaryScanner(canary)(`{"kind":"decode","detail":"x${form}y"}`)).toBe(true)
  },
)

test('finds the canary in base64 wherever it begins in the bytes', () => {
  const holdsCanary = canaryScanner(canary)
  for (let skip = 0; skip < 6; skip++) {
    const text = Buffer.concat([randomBytes(skip), canary, randomBytes(9)]).toString('base64')
    expect(holdsCanary(text)).toBe(true)
  }
})

test('finds no canary in what has none', () => {
  const holdsCanary = canaryScanner(canary)
  expect(holdsCanary(randomBytes(4096).toString('base64'))).toBe(false)
  expect(holdsCanary('{"kind":"decode","status":200}')).toBe(false)
})

test('calls a series with noise steady, and one that climbs not', () => {
  const chance = seededChance(1)
  const noise = Array.from({ length: 200 }, () => 200 + 20 * chance.next())
  const climb = noise.map((value, second) => value + second)
  expect(Math.abs(steadiness(noise)?.drift ?? 1)).toBeLessThan(0.05)
  expect(steadiness(climb)?.drift).toBeGreaterThan(0.1)
  expect(slopeOf([1, 3, 5, 7])).toBeCloseTo(2)
  expect(steadiness(noise.slice(0, 10))).toBeUndefined()
})

test('misses the line of a request, and notices a second one', () => {
  const log = new LogBook(() => false)
  const line = (requestId: string): string => JSON.stringify({ requestId, kind: 'decode', status: 200 })
  log.expect('a', 'stays')
  log.expect('b', 'stays')
  log.take(line('a'))
  expect(log.missing('stays')).toEqual(['b'])
  log.take(line('a'))
  expect(log.stray).toEqual([line('a')])
  log.take('Uncaught exception')
  expect([...log.troubles]).toEqual([['Uncaught exception', 1]])
})

test('the same seed chooses the same', () => {
  const draw = (seed: number): number[] => {
    const chance = seededChance(seed)
    return Array.from({ length: 8 }, () => chance.next())
  }
  expect(draw(5)).toEqual(draw(5))
  expect(draw(5)).not.toEqual(draw(6))
})

test('refuses an option that is no number', () => {
  expect(() => readOptions(['--minutes', 'long'], 1)).toThrow('Expected --minutes to be a number')
  expect(readOptions(['--minutes', '3'], 9)).toMatchObject({ minutes: 3, seed: 9, rate: 25, json: false })
})
