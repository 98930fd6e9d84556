import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { formatList, parseList } from './structured-field.ts'

describe('a list', () => {
  test('is tokens with their parameters', () => {
    const items = [
      { token: 'latent-scaled-twice', parameters: { std: 5.17234, expected: 1 } },
      { token: 'scaling-factor-of-another-model', parameters: { model: 'wan-2.1' } },
    ]
    expect(formatList(items)).toBe(
      'latent-scaled-twice;std=5.172;expected=1.0, scaling-factor-of-another-model;model=wan-2.1',
    )
  })

  test.each([
    [0, '0.0'],
    [-0.5, '-0.5'],
    [10, '10.0'],
    [0.0004, '0.0'],
    [1e300, '999999999999.0'],
    [-1e300, '-999999999999.0'],
  ])('has %d as %s', (value, text) => {
    expect(formatList([{ token: 'a', parameters: { b: value } }])).toBe(`a;b=${text}`)
  })

  test('has every number as a decimal that can be read', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const text = formatList([{ token: 'a', parameters: { b: value } }])
        expect(text).toMatch(/^a;b=-?[0-9]{1,12}\.[0-9]{1,3}$/)
      }),
      { ...seeded, numRuns: 1_000 },
    )
  })
})

describe('a list that is read', () => {
  test('has the items that were written, and numbers as numbers', () => {
    const items = [
      { token: 'latent-scaled-twice', parameters: { std: 5.172, expected: 1 } },
      { token: 'scaling-factor-of-another-model', parameters: { model: 'wan-2.1' } },
      { token: 'latent-all-zero', parameters: {} },
    ]
    expect(parseList(formatList(items))).toEqual(items)
  })

  test('may be a Server-Timing', () => {
    expect(parseList('auth;dur=0.1, cache;desc="a hit";dur=3')).toEqual([
      { token: 'auth', parameters: { dur: 0.1 } },
      { token: 'cache', parameters: { desc: 'a hit', dur: 3 } },
    ])
  })

  test.each(['', ' , ;', '=;=', '"a";b=1'])('has nothing of %j', (text) => {
    expect(parseList(text)).toEqual([])
  })
})
