import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../../test/support/results.ts'
import { parseDecodeQuery } from '../../wire/decode-query.ts'
import { type DecodeFacts, decodeTarget, defaultOutput, mediaTypeOf } from './request.ts'

const LATENT = { shape: [1, 4, 8, 8], dtype: 'float16', bytes: new Uint8Array(512) } as const

/** The request as the gateway reads it. */
function read(facts: Partial<DecodeFacts>, output = 'x.png') {
  const target = decodeTarget(LATENT, expectValue(mediaTypeOf(output)), { scaling: 'model', ...facts })
  const [path, query] = target.split('?')
  return { path, query: expectValue(parseDecodeQuery(new URLSearchParams(query))) }
}

describe('a decode request', () => {
  test('says what the latent is, and that it is to be scaled by its model', () => {
    const { path, query } = read({ model: 'sd-v1' })
    expect(path).toBe('/v1/decode/sd-v1')
    expect(query).toMatchObject({
      shape: [1, 4, 8, 8],
      dtype: 'float16',
      outputType: 'pil',
      imageFormat: 'png',
      scaling: { kind: 'model' },
      size: undefined,
    })
  })

  test('leaves the model to the gateway', () => {
    expect(read({}).path).toBe('/v1/decode')
  })

  test('scales by what is said, or not at all', () => {
    const explicit = read({ scaling: { factor: 0.3611, shift: 0.1159 } }).query
    expect(explicit.scaling).toEqual({ kind: 'explicit', factor: 0.3611, shift: 0.1159 })
    expect(read({ scaling: { factor: 2, shift: undefined } }).query.scaling).toMatchObject({
      factor: 2,
      shift: 0,
    })
    expect(read({ scaling: 'none' }).query.scaling).toEqual({ kind: 'none' })
  })

  test('says the pixels of a packed latent', () => {
    expect(read({ height: 512, width: 768 }).query.size).toEqual({ height: 512, width: 768 })
  })

  test.each([
    ['x.jpg', 'pil', 'jpg'],
    ['a.b/X.JPEG', 'pil', 'jpg'],
    ['x.mp4', 'mp4', 'png'],
  ])('asks for what %s holds', (output, outputType, imageFormat) => {
    expect(read({}, output).query).toMatchObject({ outputType, imageFormat })
  })

  test.each(['x', 'x.gif', '.png/x', 'x.toString'])('cannot be made for %s', (output) => {
    expect(expectError(mediaTypeOf(output))).toContain('.png, .jpg, .jpeg, .mp4')
  })
})

test.each([
  ['a/latent.npy', undefined, [1, 4, 8, 8], 'a/latent.png'],
  ['latent.v2.npy', undefined, [1, 16, 3, 8, 8], 'latent.v2.mp4'],
  ['latent', 'ltx-video', [1, 64, 128], 'latent.mp4'],
  ['latent.bin', 'flux', [1, 64, 64], 'latent.png'],
])('%s of %s goes to %s, %s', (file, model, shape, output) => {
  expect(defaultOutput(file, { ...LATENT, shape }, model)).toBe(output)
})
