import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { builtIn } from '../models/registry.ts'
import { parseEncodeQuery } from '../wire/encode-query.ts'
import type { PictureHeader } from '../wire/picture-header.ts'
import { type EncodeBody, encodeOrder, readIntent } from './encode-order.ts'

const ENCODERS = ['sd-v1', 'flux', 'hunyuan-video', 'wan-2.1']

const intent = (
  query: string,
  named: string | undefined,
  { accept, encoders = ENCODERS }: { accept?: string; encoders?: string[] } = {},
) =>
  readIntent(
    expectValue(parseEncodeQuery(new URLSearchParams(query))),
    accept,
    named,
    new Set(encoders),
    builtIn,
  )

const picture = (width: number, height: number, bytes = 1_000): EncodeBody => {
  const header: PictureHeader = { mediaType: 'image/png', width, height }
  return { kind: 'picture', header, bytes }
}
const tensor = (...shape: number[]): EncodeBody => ({ kind: 'tensor', shape, dtype: 'float16' })

const order = (named: string, body: EncodeBody, query = '') =>
  encodeOrder(expectValue(intent(query, named)), body)
const read = (...args: Parameters<typeof order>) => expectValue(order(...args))
const refused = (...args: Parameters<typeof order>): string => {
  const { code, detail } = expectError(order(...args))
  return `${code}: ${detail}`
}

describe('an encode order', () => {
  test('says everything that can be known from the size of a picture', () => {
    const { model, upstreamQuery, ...facts } = read('sd-v1', picture(1030, 515), 'scaling_factor=0.18215')
    expect(model.id).toBe('sd-v1')
    expect(upstreamQuery.toString()).toBe('scaling_factor=0.18215')
    expect(facts).toEqual({
      presentation: { envelope: undefined, dtype: undefined },
      bodyBytes: 1_000,
      contentType: 'image/png',
      expected: {
        kind: 'tensor',
        mediaType: 'tensor/binary',
        // What is left over at the right and below is cut off.
        shape: [1, 4, 64, 128],
        dtypes: ['float16', 'bfloat16', 'float32'],
      },
      maxAnswerBytes: 4 * 64 * 128 * 4,
      megapixels: 0.53045,
      predictedMs: 50 + 0.5 * 150 * 0.53045,
    })
  })

  test('takes a batch of pixels as they are', () => {
    const { bodyBytes, contentType, expected, upstreamQuery } = read(
      'flux',
      tensor(2, 3, 64, 96),
      'shape=2&shape=3&shape=64&shape=96&dtype=float16&do_scaling=True',
    )
    expect([bodyBytes, contentType]).toEqual([2 * 2 * 3 * 64 * 96, 'tensor/binary'])
    expect(expected).toMatchObject({ shape: [2, 16, 8, 12] })
    // Clients of the protocol say numbers, so every encoder knows them.
    expect(upstreamQuery.toString()).toBe(
      'scaling_factor=0.3611&shift_factor=0.1159&shape=2&shape=3&shape=64&shape=96&dtype=float16',
    )
  })

  test('leaves statistics to the backend, which has them', () => {
    const { upstreamQuery, expected } = read('wan-2.1', tensor(1, 3, 5, 64, 64), 'do_scaling=True')
    expect(upstreamQuery.toString()).toBe('do_scaling=True')
    expect(expected).toMatchObject({ shape: [1, 16, 2, 8, 8] })
  })

  test.each<[string, string, EncodeBody, string]>([
    [
      'a tensor with other than three colours',
      'sd-v1',
      tensor(1, 4, 64, 64),
      'unsupported-shape: sd-v1: expected pixels of shape [N, 3, H, W].',
    ],
    [
      'a picture for a model of videos',
      'hunyuan-video',
      picture(64, 64),
      'unsupported-shape: hunyuan-video: expected a tensor [N, 3, F, H, W] with shape and dtype, since it encodes videos.',
    ],
    [
      'frames that do not come out even',
      'hunyuan-video',
      tensor(1, 3, 8, 64, 64),
      'unsupported-shape: hunyuan-video: expected 1, or a multiple of 4 and one, frames, not 8.',
    ],
    [
      'less than one element',
      'sd-v1',
      picture(512, 7),
      'unsupported-shape: sd-v1: expected at least 8 x 8 pixels.',
    ],
    [
      'more than a model encodes',
      'sd-v1',
      picture(8192, 4096),
      'picture-too-large: sd-v1 encodes up to 16.8 megapixels at once; this is 33.6.',
    ],
  ])('refuses %s', (_, named, body, problem) => {
    expect(refused(named, body)).toBe(problem)
  })
})

describe('the model of an encode', () => {
  const codeOf = (...args: Parameters<typeof intent>): string => expectError(intent(...args)).code
  const idOf = (...args: Parameters<typeof intent>): string => expectValue(intent(...args)).model.id

  test('is that of the path, of the query, or the only one there is', () => {
    expect(idOf('model=flux', 'sd-v1')).toBe('sd-v1')
    expect(idOf('model=f1', undefined)).toBe('flux')
    expect(idOf('', undefined, { encoders: ['flux'] })).toBe('flux')
  })

  test('is never guessed, and never one that no backend encodes for', () => {
    expect(codeOf('', undefined)).toBe('model-ambiguous')
    expect(codeOf('', undefined, { encoders: [] })).toBe('encode-unsupported')
    expect(codeOf('', 'sdxl')).toBe('encode-unsupported')
    expect(codeOf('', 'no-such-model')).toBe('unknown-model')
  })

  test('answers in what the client takes, or says what there is', () => {
    expect(expectValue(intent('', 'flux', { accept: 'application/json' })).presentation.envelope).toBe(
      'application/json',
    )
    expect(expectError(intent('', 'flux', { accept: 'image/png' })).code).toBe('not-acceptable')
  })
})

test.each([
  ['shape=1&shape=3&shape=8&shape=8', 'dtype'],
  ['dtype=float16', 'shape'],
])('a tensor needs both shape and dtype: %s', (query, parameter) => {
  expect(expectError(parseEncodeQuery(new URLSearchParams(query)))).toMatchObject({
    reason: 'missing',
    parameter,
  })
})
