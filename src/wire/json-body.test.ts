import { describe, expect, test, vi } from 'vitest'
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
  expect(params.toString()).toBe('')
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

describe('FB2: what stands beside a latent costs little, however much it is', () => {
  /** Lengths of the texts that were parsed as JSON, and how often a query was searched. */
  function worked(body: string, query = '') {
    const params = new URLSearchParams(query)
    const searched = vi.spyOn(params, 'has')
    const parsed = vi.spyOn(JSON, 'parse')
    const read = readJsonRequest(body, 'application/json', params)
    const work = {
      characters: parsed.mock.calls.reduce((sum, [text]) => sum + text.length, 0),
      searches: searched.mock.calls.length,
    }
    parsed.mockRestore()
    return { read, work }
  }
  const parameters = (count: number): string => Array.from({ length: count }, (_, i) => `"p${i}":1`).join()
  const bodyOf = (beside: string, latent = INPUTS): string =>
    `{"inputs":"${latent}","parameters":{${beside}}}`

  test.each([900_000, 1_800_000])('%i parameters are refused unread', (count) => {
    const { read, work } = worked(bodyOf(parameters(count)))
    expect(expectError(read).expected).toContain('at most 65536 characters')
    expect(work).toEqual({ characters: 0, searches: 0 })
  })

  test.each([1_000, 2_000, 4_000])(
    'of %i parameters and as many in the query those with a meaning are looked at',
    (count) => {
      const query = parameters(count).replaceAll(/"(p\d+)":1,?/g, '$1=2&')
      const { read, work } = worked(bodyOf(`${parameters(count)},"dtype":"float16"`), query)
      expect(expectValue(read).params.get('dtype')).toBe('float16')
      expect(work.searches).toBeLessThan(20)
    },
  )

  test.each([1_000_000, 2_000_000])('a latent of %i bytes is not parsed as JSON', (count) => {
    const latent = Buffer.alloc(count, 7)
    const { read, work } = worked(bodyOf('"dtype":"float16"', latent.toString('base64')))
    expect(Buffer.from(expectValue(read).bytes).equals(latent)).toBe(true)
    expect(work.characters).toBeLessThan(200)
  })

  test('a latent whose slashes are escaped, as PHP writes them, is read', () => {
    const latent = Buffer.alloc(3_000, 0xff)
    const escaped = latent.toString('base64').replaceAll('/', String.raw`\/`)
    expect(Buffer.from(expectValue(worked(bodyOf('', escaped)).read).bytes).equals(latent)).toBe(true)
  })

  test.each([
    ['brackets without end', '['.repeat(1_000_000)],
    ['brackets beside a latent', bodyOf(`"deep":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`)],
    ['a shape of a million axes', bodyOf(`"shape":[${'1,'.repeat(1_000_000)}1]`)],
    ['a long string that is no latent', bodyOf(`"note":"${'a'.repeat(2_000)}"`)],
    ['two long strings', bodyOf(`"note":"${'a'.repeat(2_000)}"`, 'A'.repeat(2_000))],
    ['a long name', bodyOf(`"${'a'.repeat(2_000)}":1`)],
    ['a string of nothing but quotes', bodyOf('', String.raw`\"`.repeat(500_000))],
    ['slashes that are escaped in more than 4 MB', bodyOf('', String.raw`\/`.repeat(2_000_001))],
    ['a string of nothing but backslashes', bodyOf('', String.raw`\\`.repeat(500_000))],
    ['a string without end', `{"inputs":"${'A'.repeat(1_000_000)}`],
    ['what is no JSON behind a latent', `${bodyOf('', 'A'.repeat(2_000))}x`],
  ])('%s is refused', (_, body) => {
    expect(worked(body).read.ok).toBe(false)
  })

  test('brackets that fit in are no parameter', () => {
    const deep = `"deep":${'['.repeat(30_000)}${']'.repeat(30_000)}`
    expect(expectValue(worked(bodyOf(`${deep},"dtype":"float16"`)).read).params.get('dtype')).toBe('float16')
  })
})
