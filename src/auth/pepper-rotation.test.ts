import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { seeded } from '../../test/support/seeded.ts'
import { KeyRing, parsePeppers } from './key-ring.ts'
import { addPepper } from './pepper-rotation.ts'

const secret = (fill: number) => new Uint8Array(32).fill(fill)
const idsOf = (text: string): number[] => expectValue(parsePeppers(text)).map(([id]) => id)

describe('a new pepper', () => {
  test('is the first where there was none', () => {
    const { text, id } = expectValue(addPepper('', secret(1)))
    expect([id, idsOf(text)]).toEqual([1, [1]])
  })

  test('comes before the others, also where its number is smaller', () => {
    const text = '{"255":"AAAAAAAAAAAAAAAAAAAAAA==","3":"AAAAAAAAAAAAAAAAAAAAAA=="}'
    const { text: rotated, id } = expectValue(addPepper(text, secret(9)))
    expect([id, idsOf(rotated)]).toEqual([0, [0, 255, 3]])
  })

  test('signs, and keys under the old one stay good', async () => {
    const payload = { keyId: '0123456789abcdef', expiryDay: 0, plan: 7 }
    const before = expectValue(addPepper('', secret(1))).text
    const old = await (await KeyRing.import(expectValue(parsePeppers(before)))).mint(payload)
    const { text, id } = expectValue(addPepper(before, secret(2)))
    const ring = await KeyRing.import(expectValue(parsePeppers(text)))
    expect(expectValue(await ring.verify(old, 0)).pepperId).toBe(1)
    expect(expectValue(await ring.verify(await ring.mint(payload), 0)).pepperId).toBe(id)
  })

  test('never takes an id that is taken, and keeps the order, however often', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (times) => {
        let text = ''
        const expected: number[] = []
        for (let round = 0; round < Math.min(times, 256); round++) {
          const added = expectValue(addPepper(text, secret(round % 256)))
          text = added.text
          expected.unshift(added.id)
        }
        expect(idsOf(text)).toEqual(expected)
        expect(new Set(expected).size).toBe(expected.length)
        if (times >= 256) expect(expectError(addPepper(text, secret(0)))).toContain('less than 256')
      }),
      { ...seeded, numRuns: 20 },
    )
  })

  test('is not added to what is no list of peppers', () => {
    expect(expectError(addPepper('{"1":"short"}', secret(1)))).toContain('at least 16 random bytes')
  })
})
