import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { carriesToken, digestOf, readAdminToken } from './admin-token.ts'

const TOKEN = 'correct-horse-battery-staple'

describe('the secret', () => {
  test('may be missing or empty, which is the same', () => {
    expect(expectValue(readAdminToken(undefined))).toBeUndefined()
    expect(expectValue(readAdminToken(''))).toBeUndefined()
  })

  test('is a text that a header can hold and nobody guesses', () => {
    expect(expectValue(readAdminToken(TOKEN))).toBe(TOKEN)
    for (const bad of [
      'fifteen-letters',
      'sixteen letters.',
      'sixteen-letters\n',
      'sechzehn-zeichän',
      7,
      {},
    ]) {
      expect(expectError(readAdminToken(bad))).toContain('at least 16')
    }
  })

  test('is no API key, whose holder would be an operator', () => {
    expect(expectError(readAdminToken(`vg_${'a'.repeat(47)}`))).toBe('no API key')
  })
})

describe('a request', () => {
  const carries = async (authorization?: string): Promise<boolean> =>
    carriesToken(new Headers(authorization === undefined ? {} : { authorization }), await digestOf(TOKEN))

  test.each([`Bearer ${TOKEN}`, `bearer  ${TOKEN}`])('carries the token as %j', async (value) => {
    expect(await carries(value)).toBe(true)
  })

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    TOKEN,
    `Basic ${btoa(`x:${TOKEN}`)}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer x${TOKEN.slice(1)}`,
    `Bearer ${TOKEN} ${TOKEN}`,
    `Bearer ${TOKEN}, Bearer ${TOKEN}`,
  ])('does not carry it as %j', async (value) => {
    expect(await carries(value)).toBe(false)
  })
})

test('T2: a guess is compared by its digest, which is as long for every guess and shares no beginning', async () => {
  const [real, near, far] = await Promise.all([TOKEN, `${TOKEN.slice(0, -1)}f`, 'x'].map(digestOf))
  expect([near?.length, far?.length]).toEqual([32, 32])
  // A guess that is right but for its last character is no nearer to the token than any other.
  const differing = near?.filter((byte, index) => byte !== real?.[index]).length ?? 0
  expect(differing).toBeGreaterThan(24)
})
