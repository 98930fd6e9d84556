import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { builtIn, createRegistry } from '../models/registry.ts'
import { createKeySchema } from './contract.ts'
import { draftKey } from './draft.ts'

const NOON = Date.parse('2027-01-31T12:00:00Z')
const TODAY = 20_849
const ID = '00000000000000aa'
const UNBOUNDED = {
  requestsPerMinute: null,
  megapixelsPerMinute: null,
  concurrency: null,
  megapixelsPerMonth: null,
}
const PLANS = ['default', 'pro'].map((name) => ({ ...UNBOUNDED, name, models: ['*'] }))

const draft = (wanted: object, registry = builtIn) =>
  draftKey(createKeySchema.parse({ name: 'n', ...wanted }), ID, PLANS, registry, NOON)

describe('the record of a new key', () => {
  test('has what was asked for, and the plan’s for the rest', () => {
    expect(expectValue(draft({}))).toEqual({
      id: ID,
      name: 'n',
      plan: 'default',
      models: null,
      overrides: {},
      createdAt: NOON,
      expiryDay: 0,
      revokedAt: null,
      rotatedTo: null,
    })
    const overrides = { concurrency: 9, megapixelsPerMonth: null }
    expect(
      expectValue(draft({ plan: 'pro', models: ['sdxl'], expires: '2027-01-31', overrides })),
    ).toMatchObject({ plan: 'pro', models: ['sdxl'], expiryDay: TODAY, overrides })
  })

  test('names each model once, by its id', () => {
    const [one = '', ...others] = expectValue(draft({ models: ['sdxl', 'flux', 'sdxl'] })).models ?? []
    expect([one, ...others]).toEqual(['sdxl', 'flux'])
  })

  test('may name models of the operator, by an alias too', () => {
    const [sdxl] = builtIn.all.filter(({ id }) => id === 'sdxl')
    const own = createRegistry(sdxl ? [{ ...sdxl, id: 'my-vae', aliases: ['mine'] }] : [])
    expect(expectValue(draft({ models: ['Mine'] }, own)).models).toEqual(['my-vae'])
    expect(expectError(draft({ models: ['sdxl'] }, own)).code).toBe('invalid-body')
  })

  test.each([
    [{ plan: 'gold' }, 'Expected plan: one of default, pro.'],
    [
      { models: ['sdxl', 'unheard-of'] },
      'Expected models: models of the registry; GET /v1/models lists them.',
    ],
    [{ models: ['*'] }, 'Expected models: models of the registry; GET /v1/models lists them.'],
    [{ expires: '2027-01-30' }, 'Expected expires: today or a day to come, until 2149-06-06.'],
    [{ expires: '2149-06-07' }, 'Expected expires: today or a day to come, until 2149-06-06.'],
  ])('is refused for %j', (wanted, detail) => {
    expect(expectError(draft(wanted))).toEqual({ code: 'invalid-body', detail })
  })

  test('may be for today and for the last day that a key has room for', () => {
    expect(expectValue(draft({ expires: '2027-01-31' })).expiryDay).toBe(TODAY)
    expect(expectValue(draft({ expires: '2149-06-06' })).expiryDay).toBe(65_535)
  })
})
