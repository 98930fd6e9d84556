import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { readCredential } from './credentials.ts'

const KEY = 'vg_00svZEquqD0duPv95dTUS4xgjCLVOsrcFvTWjQ9pl3wnQ9f'
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
const read = (headers: Record<string, string>): string | undefined => readCredential(new Headers(headers))

describe('a key is found', () => {
  test.each([
    ['as a bearer token', { authorization: `Bearer ${KEY}` }],
    ['under a scheme in any case', { authorization: `bEARER ${KEY}` }],
    ['after any white space', { authorization: `Bearer \t  ${KEY}  ` }],
    ['as the user, which https://KEY@host/ becomes', { authorization: basic(`${KEY}:`) }],
    ['as the user without a colon', { authorization: basic(KEY) }],
    ['as the user beside a password', { authorization: basic(`${KEY}:x`) }],
    ['as the password, which https://x:KEY@host/ becomes', { authorization: basic(`x:${KEY}`) }],
    ['as the password without a user', { authorization: basic(`:${KEY}`) }],
    ['as x-api-key', { 'x-api-key': KEY }],
    ['as x-api-key beside a token for somebody else', { authorization: 'Bearer hf_abc', 'x-api-key': KEY }],
    ['as x-api-key beside an unreadable header', { authorization: 'Basic %%%', 'x-api-key': KEY }],
    ['as x-api-key beside an unknown scheme', { authorization: `Digest ${KEY}`, 'x-api-key': KEY }],
    ['as a bearer token beside a foreign x-api-key', { authorization: `Bearer ${KEY}`, 'x-api-key': 'sk-1' }],
  ])('%s', (_, headers) => {
    expect(read(headers)).toBe(KEY)
  })
})

describe('there is none', () => {
  test.each([
    ['without headers', {}],
    ['in an empty x-api-key', { 'x-api-key': '' }],
    ['in a scheme without a value', { authorization: 'Bearer' }],
    ['in a value without a scheme', { authorization: KEY }],
    ['in two values', { authorization: `Bearer ${KEY} ${KEY}` }],
    ['in another scheme', { authorization: `Token ${KEY}` }],
    ['in Basic that is no base64', { authorization: 'Basic %%%' }],
    ['in empty Basic', { authorization: basic(':') }],
    ['in cookies', { cookie: `key=${KEY}` }],
  ])('%s', (_, headers) => {
    expect(read(headers)).toBeUndefined()
  })
})

test('gives a foreign token as it is, so that it is refused and not overlooked', () => {
  expect(read({ authorization: 'Bearer hf_abc' })).toBe('hf_abc')
  expect(read({ authorization: basic('alice:secret') })).toBe('alice')
  expect(read({ 'x-api-key': 'sk-1' })).toBe('sk-1')
})

test('takes the password after the first colon, whatever is in it', () => {
  expect(read({ authorization: basic(':a:b') })).toBe('a:b')
})

test('C31: never throws, whatever stands in the headers', () => {
  const value = fc.string({ unit: fc.constantFrom(...'Bb earsic :=/+%vg_09zZ\u00e9\t') })
  fc.assert(
    fc.property(value, value, (authorization, apiKey) => {
      const found = read({ authorization, 'x-api-key': apiKey })
      expect(found === undefined || found.length > 0).toBe(true)
    }),
    { ...seeded, numRuns: 1_000 },
  )
})
