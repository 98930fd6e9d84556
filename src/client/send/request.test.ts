import { describe, expect, test } from 'vitest'
import { expectValue } from '../../../test/support/results.ts'
import { parseDecodeQuery } from '../../wire/decode-query.ts'
import { parseEncodeQuery } from '../../wire/encode-query.ts'
import type { DecodeOptions, EncodeOptions, Format } from '../options.ts'
import { fromFloats } from '../tensor/floats.ts'
import { decodeRequest, encodeRequest, formatOf } from './request.ts'

const ACCESS = { url: 'https://vae.example.com/under', apiKey: 'vg_key' }
const LATENT = fromFloats(new Float32Array(256), [1, 4, 8, 8], 'float16')

/** The request as the gateway reads it. */
function read(options: DecodeOptions = {}, format: Format = 'png') {
  const request = decodeRequest(ACCESS, LATENT, format, options)
  const { pathname, searchParams } = new URL(request.url)
  return { ...request, path: pathname, query: expectValue(parseDecodeQuery(searchParams)) }
}

describe('a decode request', () => {
  test('says what the latent is, and that it is to be scaled by its model', () => {
    const { path, query, headers, body } = read({ model: 'sd-v1' })
    expect(path).toBe('/under/v1/decode/sd-v1')
    expect(query).toMatchObject({
      shape: [1, 4, 8, 8],
      dtype: 'float16',
      outputType: 'pil',
      imageFormat: 'png',
      scaling: { kind: 'model' },
      size: undefined,
      strict: false,
    })
    expect(headers).toEqual({
      authorization: 'Bearer vg_key',
      'content-type': 'tensor/binary',
      accept: 'image/png',
    })
    expect(body).toHaveLength(512)
  })

  test('leaves the model to the gateway, and needs no key where nobody asks for one', () => {
    expect(read().path).toBe('/under/v1/decode')
    const open = decodeRequest({ ...ACCESS, apiKey: undefined }, LATENT, 'png', {})
    expect(open.headers).not.toHaveProperty('authorization')
  })

  test('scales by what is said, or not at all', () => {
    const explicit = read({ scaling: { factor: 0.3611, shift: 0.1159 } }).query
    expect(explicit.scaling).toEqual({ kind: 'explicit', factor: 0.3611, shift: 0.1159 })
    expect(read({ scaling: { factor: 2 } }).query.scaling).toMatchObject({ factor: 2, shift: 0 })
    expect(read({ scaling: 'none' }).query.scaling).toEqual({ kind: 'none' })
  })

  test('says pixels, dtype, strictness and its id', () => {
    const { query, headers } = read({
      height: 512,
      width: 768,
      outputDtype: 'float32',
      strict: true,
      requestId: 'r-1',
    })
    expect(query).toMatchObject({ size: { height: 512, width: 768 }, outputDtype: 'float32', strict: true })
    expect(headers['x-request-id']).toBe('r-1')
  })

  test.each([
    ['png', 'pil', false, 'image/png'],
    ['jpeg', 'pil', false, 'image/jpeg'],
    ['mp4', 'mp4', false, 'video/mp4'],
    ['tensor', 'pt', false, 'tensor/binary'],
    ['pixels', 'pt', true, 'tensor/binary'],
  ] as const)('for %s asks for %s', (format, outputType, partialPostprocess, accept) => {
    const { query, headers } = read({}, format)
    expect(query).toMatchObject({ outputType, partialPostprocess })
    expect(headers.accept).toBe(accept)
  })
})

describe('an encode request', () => {
  const encode = (pixels: Blob | typeof LATENT, options: EncodeOptions = {}) => {
    const request = encodeRequest(ACCESS, pixels, options)
    const { pathname, searchParams } = new URL(request.url)
    return { ...request, path: pathname, query: expectValue(parseEncodeQuery(searchParams)) }
  }

  test('of a file says its type and nothing of a tensor', () => {
    const file = new Blob([new Uint8Array(9)], { type: 'image/webp' })
    const { path, query, headers, body } = encode(file, { model: 'sdxl' })
    expect(path).toBe('/under/v1/encode/sdxl')
    expect(query).toMatchObject({ tensor: undefined, scaling: { kind: 'model' } })
    expect(headers).toMatchObject({ 'content-type': 'image/webp', accept: 'tensor/binary' })
    expect(body).toBe(file)
    expect(encode(new Blob([])).headers).not.toHaveProperty('content-type')
  })

  test('of a tensor says its shape and dtype', () => {
    const { query, headers } = encode(LATENT, { scaling: { factor: 2, shift: 1 }, outputDtype: 'bfloat16' })
    expect(query).toMatchObject({
      tensor: { shape: [1, 4, 8, 8], dtype: 'float16' },
      scaling: { kind: 'explicit', factor: 2, shift: 1 },
      outputDtype: 'bfloat16',
    })
    expect(headers['content-type']).toBe('tensor/binary')
  })
})

test.each([
  ['blob', undefined, 4, 'png'],
  ['blob', undefined, 5, 'mp4'],
  ['blob', 'pixels', 5, 'pixels'],
  ['bitmap', undefined, 5, 'png'],
  ['tensor', undefined, 4, 'tensor'],
  ['stream', undefined, 3, 'png'],
] as const)('a %s of %s, from %d axes, is %s', (as, format, axes, expected) => {
  expect(formatOf(as, format, Array(axes).fill(8))).toBe(expected)
})
