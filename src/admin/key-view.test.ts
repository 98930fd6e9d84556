import { describe, expect, test } from 'vitest'
import { keyRecord } from '../../test/support/key-record.ts'
import { keySchema } from './contract.ts'
import { stateOf, unrecorded, viewOf } from './key-view.ts'

const NOON = Date.parse('2027-01-31T12:00:00Z')
/** 2027-01-31. */
const TODAY = 20_849

describe('a key as operators see it', () => {
  test('is written with dates as people read them', () => {
    const record = keyRecord({
      models: ['sdxl'],
      overrides: { concurrency: null },
      createdAt: NOON - 1_000,
      expiryDay: TODAY,
      revokedAt: NOON + 3_600_000,
      rotatedTo: '00000000000000bb',
    })
    const view = viewOf(record, NOON)
    expect(view).toEqual({
      id: '00000000000000aa',
      name: 'somebody',
      plan: 'default',
      models: ['sdxl'],
      overrides: { concurrency: null },
      createdAt: '2027-01-31T11:59:59.000Z',
      expires: '2027-01-31',
      revokedAt: '2027-01-31T13:00:00.000Z',
      rotatedTo: '00000000000000bb',
      state: 'grace',
    })
    expect(keySchema.parse(view)).toEqual(view)
  })

  test('says of a key that was minted elsewhere that nothing is known', () => {
    const view = viewOf(unrecorded('00000000000000cc'), NOON)
    expect(view).toMatchObject({ name: '', plan: null, createdAt: null, expires: null, state: 'active' })
    expect(keySchema.parse(view)).toEqual(view)
  })

  test.each([
    ['active', {}],
    ['active', { expiryDay: TODAY }],
    ['active', { expiryDay: TODAY + 1 }],
    ['expired', { expiryDay: TODAY - 1 }],
    ['grace', { revokedAt: NOON + 1 }],
    ['revoked', { revokedAt: NOON }],
    ['revoked', { revokedAt: NOON - 1, expiryDay: TODAY - 1 }],
    ['expired', { revokedAt: NOON + 1, expiryDay: TODAY - 1 }],
  ] as const)('is %s with %j', (state, changes) => {
    expect(stateOf(keyRecord(changes), NOON)).toBe(state)
  })
})
