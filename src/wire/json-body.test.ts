import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { readJsonRequest } from './json-body.ts'
import type { Envelope } from './media-types.ts'

const INPUTS = Buffer.from([1, 2, 3, 4]).toString('base64')
const read = (body: unknown, envelope: Envelope = 'application/json', query = '') =>
  readJsonRequest(
    typeof body === 'string' ? body : JSON.stringify(body),
    envelope,
    new URLSearchParams(query),
  )

describe('the pilot', () => {
  test('has its parameters in the body, and its latents scaled by their model', () => {
    const parameters = { shape: [1, 4, 64, 64], dtype: 'float32', height: 512, width: null }
    const { bytes, params } = expectValue(read({ inputs: INPUTS, parameters }))
    expect([...bytes]).toEqual([1, 2, 3, 4])
    expect(params.toString()).toBe(
      'shape=1&shape=4&shape=64&shape=64&dtype=float32&height=512&do_scaling=True',
    )
  })

  test.each([
    ['do_scaling', { do_scaling: false }, 'do_scaling=false'],
    ['scaling_factor', { scaling_factor: 0.18215 }, 'scaling_factor=0.18215'],
  ])('is taken at its word when it says %s', (_, parameters, expected) => {
    expect(expectValue(read({ inputs: INPUTS, parameters })).params.toString()).toBe(expected)
  })
})

test('the base64 of early clients has its parameters in the query, and no scaling of its own', () => {
  const query = 'output_type=pt&shape=1&dtype=float16'
  expect(expectValue(read({ inputs: INPUTS }, 'tensor/base64', query)).params.toString()).toBe(query)
})

test('a parameter of the query wins over the same one of the body', () => {
  const parameters = { dtype: 'float32', output_type: 'pil' }
  const { params } = expectValue(read({ inputs: INPUTS, parameters }, 'tensor/base64', 'dtype=float16'))
  expect([params.getAll('dtype'), params.get('output_type')]).toEqual([['float16'], 'pil'])
})

test('parameters that nobody knows do no harm', () => {
  const parameters = { nested: { a: 1 }, list: [{}, 1], flag: true }
  const { params } = expectValue(read({ inputs: INPUTS, parameters }, 'tensor/base64'))
  expect(params.toString()).toBe('list=1&flag=true')
})

describe('is refused', () => {
  test.each([
    ['what is no JSON', '\u0000\u0001'],
    ['nothing', ''],
    ['JSON that is no object', '[1]'],
    ['a latent that is missing', { parameters: {} }],
    ['a latent that is no text', { inputs: [1, 2] }],
    ['parameters that are none', { inputs: INPUTS, parameters: 3 }],
    ['a latent that is not base64', { inputs: '*' }],
  ])('%s', (_, body) => {
    expect(expectError(read(body)).expected).toContain('base64')
  })
})
