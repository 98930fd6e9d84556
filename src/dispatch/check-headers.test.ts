import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import type { ExpectedAnswer } from '../models/answer.ts'
import { checkHeaders } from './check-headers.ts'

const MAX = 1_000
const TENSOR: ExpectedAnswer = {
  kind: 'tensor',
  mediaType: 'tensor/binary',
  shape: [1, 3, 8, 8],
  dtypes: ['float16', 'float32'],
}
const JPEG: ExpectedAnswer = { kind: 'image', mediaType: 'image/jpeg', width: 8, height: 8 }
const MP4: ExpectedAnswer = { kind: 'video', mediaType: 'video/mp4' }
const TENSOR_HEAD = { 'content-type': 'tensor/binary', shape: '[1,3,8,8]', dtype: 'float16' }

const check = (expected: ExpectedAnswer, headers: Record<string, string>) =>
  checkHeaders(new Headers(headers), expected, 'attempt-1', MAX)

describe('a tensor', () => {
  test('is as long as its shape and dtype say, whether its length is declared or not', () => {
    expect(expectValue(check(TENSOR, TENSOR_HEAD))).toEqual({
      byteLength: 384,
      maxBytes: 384,
      dtype: 'float16',
    })
    expect(expectValue(check(TENSOR, { ...TENSOR_HEAD, dtype: 'float32', 'content-length': '768' }))).toEqual(
      {
        byteLength: 768,
        maxBytes: 768,
        dtype: 'float32',
      },
    )
  })

  test.each([
    ['another type', { 'content-type': 'application/octet-stream; x=1' }],
    ['the shape with spaces', { shape: '[1, 3, 8, 8]' }],
    ['the echo of our attempt', { 'x-attempt-id': 'attempt-1' }],
    ['identity as its coding', { 'content-encoding': 'identity' }],
  ])('may have %s', (_, headers) => {
    expect(check(TENSOR, { ...TENSOR_HEAD, ...headers }).ok).toBe(true)
  })

  test.each<[string, Record<string, string>]>([
    ['B10: a page', { 'content-type': 'text/html' }],
    ['B10: JSON', { 'content-type': 'application/json' }],
    ['B10: no type', { 'content-type': '' }],
    ['B10: a picture', { 'content-type': 'image/png' }],
    ['B9: a length that is too great', { 'content-length': '385' }],
    ['B7: a length that is too small', { 'content-length': '383' }],
    ['a length of 0', { 'content-length': '0' }],
    ['a length that is no number', { 'content-length': 'many' }],
    ['another shape', { shape: '[1,3,8,9]' }],
    ['the shape in another order', { shape: '[1,8,8,3]' }],
    ['a shape of fewer axes', { shape: '[3,8,8]' }],
    ['a shape that is no list', { shape: '1,3,8,8' }],
    ['a dtype that was not asked for', { dtype: 'uint8' }],
    ['a dtype that there is not', { dtype: 'float64' }],
    ['a name that objects have by birth for a dtype', { dtype: 'constructor' }],
    ['B29: the echo of another attempt', { 'x-attempt-id': 'attempt-2' }],
    ['B29: an empty echo', { 'x-attempt-id': '' }],
    ['B23: gzip', { 'content-encoding': 'gzip' }],
    ['B23: two codings', { 'content-encoding': 'identity, br' }],
  ])('is refused with %s', (_, headers) => {
    expect(expectError(check(TENSOR, { ...TENSOR_HEAD, ...headers }))).toBe('invalid')
  })

  test.each(['content-type', 'shape', 'dtype'])('is refused without %s', (name) => {
    const headers = new Headers(TENSOR_HEAD)
    headers.delete(name)
    expect(expectError(checkHeaders(headers, TENSOR, 'attempt-1', MAX))).toBe('invalid')
  })
})

describe('a file', () => {
  test.each([
    [JPEG, 'image/jpeg'],
    [JPEG, 'image/jpg'],
    [MP4, 'video/mp4'],
    [MP4, 'text/plain; charset=utf-8'],
    [{ kind: 'video', mediaType: 'text/plain' }, 'video/mp4'],
    [{ ...JPEG, mediaType: 'image/png' }, 'image/png'],
  ] as const)('%j may come as %s', (expected, type) => {
    expect(check(expected, { 'content-type': type }).ok).toBe(true)
  })

  test('may have any length up to its bound, or say none', () => {
    const head = { 'content-type': 'image/jpeg' }
    expect(expectValue(check(JPEG, head))).toEqual({
      byteLength: undefined,
      maxBytes: MAX,
      dtype: undefined,
    })
    expect(expectValue(check(JPEG, { ...head, 'content-length': '1000' }))).toMatchObject({
      byteLength: 1_000,
    })
  })

  test('is not believed when it names a shape', () => {
    const head = { 'content-type': 'image/jpeg', shape: '[9]', dtype: 'uint8' }
    expect(expectValue(check(JPEG, head)).dtype).toBeUndefined()
  })

  test.each([
    ['B10: a PNG for a JPEG', { 'content-type': 'image/png' }],
    ['B10: a page', { 'content-type': 'text/html' }],
    ['B9: more than its bound', { 'content-type': 'image/jpeg', 'content-length': '1001' }],
    ['no bytes', { 'content-type': 'image/jpeg', 'content-length': '0' }],
    ['a negative length', { 'content-type': 'image/jpeg', 'content-length': '-5' }],
    ['a length that is no number', { 'content-type': 'image/jpeg', 'content-length': 'many' }],
    ['a length twice', { 'content-type': 'image/jpeg', 'content-length': '500, 500' }],
    ['half a byte', { 'content-type': 'image/jpeg', 'content-length': '10.5' }],
    ['a hexadecimal length', { 'content-type': 'image/jpeg', 'content-length': '0x10' }],
    ['B29: the echo of another attempt', { 'content-type': 'image/jpeg', 'x-attempt-id': 'x' }],
    ['B23: gzip', { 'content-type': 'image/jpeg', 'content-encoding': 'gzip' }],
  ])('is refused with %s', (_, headers) => {
    expect(expectError(check(JPEG, headers))).toBe('invalid')
  })
})
