import { expect, test } from 'vitest'
import { keyRecord } from '../../test/support/key-record.ts'
import { standingOf, withRevocation } from './standing.ts'

test.each([
  [null, null, null],
  [null, 5, 5],
  [5, null, 5],
  [5, 9, 5],
  [9, 5, 5],
])('T3: a key that was to end at %s and then at %s ends at %s', (before, next, end) => {
  const record = keyRecord({ name: 'as it was', revokedAt: before })
  expect(withRevocation(record, keyRecord({ name: 'as it is', revokedAt: next }))).toEqual(
    keyRecord({ name: 'as it is', revokedAt: end }),
  )
})

test('the first record of a key is taken as it is', () => {
  expect(withRevocation(null, keyRecord({ revokedAt: 7 }))).toEqual(keyRecord({ revokedAt: 7 }))
})

test('FA7: a revocation has no clock: it counts before its own moment, and no later record takes it back', () => {
  const revoked = keyRecord({ revokedAt: 5_000, isRevoked: true })
  expect(standingOf(revoked, 'sdxl', 4_000)).toBe('revoked')
  const after = withRevocation(revoked, keyRecord({ revokedAt: 9_000, rotatedTo: '00000000000000bb' }))
  expect(standingOf(after, 'sdxl', 0)).toBe('revoked')
  expect(standingOf(keyRecord({ revokedAt: 5_000, rotatedTo: '00000000000000bb' }), 'sdxl', 4_000)).toBe(
    'good',
  )
})
