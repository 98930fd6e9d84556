import { expect, test } from 'vitest'
import { keyRecord } from '../../test/support/key-record.ts'
import { withRevocation } from './standing.ts'

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
