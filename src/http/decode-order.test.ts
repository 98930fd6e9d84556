import { describe, expect, test } from 'vitest'
import { servableModels } from '../../test/support/catalog.ts'
import { expectError, expectValue } from '../../test/support/results.ts'
import { builtIn, type Registry } from '../models/registry.ts'
import { readOrder } from './decode-order.ts'

interface Draft {
  query: string
  accept?: string
  named?: string | undefined
  served?: string[]
  registry?: Registry
}

const ALL = servableModels.map(({ id }) => id)
const GOOD: Draft = {
  query: 'output_type=pil&shape=1&shape=4&shape=64&shape=64&dtype=float16&scaling_factor=0.18215',
  named: 'sd-v1',
}
const order = (changes: Partial<Draft> = {}) => {
  const { query, accept, named, served = ALL, registry = builtIn } = { ...GOOD, ...changes }
  return readOrder(new URLSearchParams(query), accept, named, new Set(served), registry)
}
const read = (changes: Partial<Draft> = {}) => expectValue(order(changes))
const refuse = (changes: Partial<Draft>): string => {
  const { code, detail } = expectError(order(changes))
  return `${code}: ${detail}`
}

describe('an order', () => {
  test('says everything about a decode that can be known before its body', () => {
    const { model, query, upstreamQuery, ...facts } = read()
    expect(model.id).toBe('sd-v1')
    expect(upstreamQuery.get('scaling_factor')).toBe('0.18215')
    expect(query.scaling).toEqual({ kind: 'explicit', factor: 0.18215, shift: 0 })
    expect(facts).toEqual({
      contentType: 'tensor/binary',
      presentation: { envelope: undefined, dtype: undefined },
      batch: { count: 1, answered: 'first', of: expect.any(Function) },
      bodyBytes: 32_768,
      expected: { kind: 'image', mediaType: 'image/jpeg', width: 512, height: 512 },
      maxAnswerBytes: Math.ceil(512 * 512 * 3 * 1.05) + 262_144,
      predictedMs: expect.closeTo(50 + 150 * 0.262144),
      megapixels: 0.262144,
    })
  })

  test.each([
    ['the path, by an alias', { named: 'SD15' }, 'sd-v1'],
    ['the query', { named: undefined, query: `${GOOD.query}&model=pixart-alpha` }, 'pixart-alpha'],
    ['the path before the query', { query: `${GOOD.query}&model=sdxl` }, 'sd-v1'],
    ['its shape and its factor', { named: undefined }, 'sd-v1'],
    [
      'its shape alone where one model is served',
      { named: undefined, query: GOOD.query.replace(/&scaling.*/, ''), served: ['sdxl'] },
      'sdxl',
    ],
  ])('takes its model from %s', (_, changes, id) => {
    expect(read(changes).model.id).toBe(id)
  })

  test('is for a picture where a path that says decode leaves the output open', () => {
    const query = GOOD.query.replace('output_type=pil&', '')
    expect(read({ query }).expected.kind).toBe('image')
  })

  test('gives the backend a batch axis that the client left out', () => {
    const { upstreamQuery, bodyBytes } = read({
      named: 'flux',
      query: 'output_type=pt&shape=16&shape=64&shape=64&dtype=float16',
    })
    expect(upstreamQuery.getAll('shape')).toEqual(['1', '16', '64', '64'])
    expect(bodyBytes).toBe(16 * 64 * 64 * 2)
  })

  test('gives the backend a size for packed latents only', () => {
    const packed = 'output_type=pt&shape=1&shape=4096&shape=64&dtype=float16&height=1024&width=1024'
    const video =
      'output_type=pt&shape=1&shape=16&shape=3&shape=40&shape=64&dtype=float16&height=24&width=320'
    expect(read({ named: 'flux', query: packed }).upstreamQuery.get('height')).toBe('1024')
    expect(read({ named: 'hunyuan-video', query: video }).upstreamQuery.has('height')).toBe(false)
  })
})

describe('is refused', () => {
  test.each<[string, Partial<Draft>, string]>([
    [
      'pixels',
      { query: 'shape=1&shape=3&shape=64&shape=64&dtype=float16' },
      'unsupported-shape: sd-v1: expected a latent of shape [B, 4, H/8, W/8]; three channels are a picture, which is not decoded but encoded.',
    ],
    [
      'C17: a parameter twice',
      { query: `${GOOD.query}&dtype=float32` },
      'duplicate-parameter: Expected dtype once.',
    ],
    [
      'C15: a missing dtype',
      { query: GOOD.query.replace('dtype=float16&', '') },
      'invalid-parameter: Expected dtype: one of float32, float16, bfloat16. It is missing.',
    ],
    [
      'C15: an unknown dtype',
      { query: GOOD.query.replace('float16', 'int8') },
      'invalid-parameter: Expected dtype to be one of float32, float16, bfloat16.',
    ],
    [
      'C15: an unknown model',
      { named: 'sd9' },
      'unknown-model: Expected a model that is served here; GET /v1/models lists them.',
    ],
    [
      'a model that no backend serves',
      { served: ['sdxl'] },
      'unknown-model: Expected a model that is served here; GET /v1/models lists them.',
    ],
    [
      'a model whose geometry is unknown',
      { named: 'kolors', served: ['kolors'] },
      'unknown-model: Expected a model that is served here; GET /v1/models lists them.',
    ],
    [
      'C15: a shape of another model',
      { named: 'flux' },
      'unsupported-shape: flux: expected a latent of shape [B, 16, H/8, W/8] or [B, (H/16)*(W/16), 64]; this looks like a latent of sd-v1.',
    ],
    [
      'a picture that was to be encoded',
      { query: GOOD.query.replace('shape=4', 'shape=3') },
      'unsupported-shape: sd-v1: expected a latent of shape [B, 4, H/8, W/8]; three channels are a picture, which is not decoded but encoded.',
    ],
    [
      'C15: a float8 latent',
      { query: GOOD.query.replace('float16', 'float8_e4m3fn') },
      'invalid-parameter: Expected dtype to be one of float32, float16, bfloat16; convert a float8 latent first, as latent.to(torch.float16).',
    ],
    [
      'a packed latent without a size',
      { named: 'flux', query: 'output_type=pt&shape=1&shape=4096&shape=64&dtype=float16' },
      'unsupported-shape: flux: expected height and width in pixels, which packed latents need.',
    ],
    [
      'T4: more pixels than one decode may have',
      { query: GOOD.query.replaceAll('shape=64', 'shape=600') },
      'decode-too-large: sd-v1 decodes up to 16.8 megapixels at once; this latent asks for 23.0.',
    ],
    [
      'C16: more pixels than can be counted',
      { query: GOOD.query.replaceAll('shape=64', 'shape=99999') },
      'decode-too-large: sd-v1 decodes up to 16.8 megapixels at once; this latent asks for 639987.2.',
    ],
    [
      'a video of a picture',
      { query: GOOD.query.replace('pil', 'mp4') },
      'unsupported-output: sd-v1 answers pil, pt, not mp4.',
    ],
    [
      'an answer in another form',
      { accept: 'text/html' },
      'not-acceptable: Expected Accept to allow image/jpeg or image/png or tensor/binary or tensor/base64 or application/json.',
    ],
    [
      'a latent of no model',
      { named: undefined, query: GOOD.query.replace('0.18215', '0.2') },
      'model-not-inferred: Expected a latent of a model that is served here, or its name in the path.',
    ],
    [
      'a packed latent of no model, because its size is missing',
      { named: undefined, query: 'output_type=pt&shape=1&shape=4096&shape=64&dtype=float16' },
      'model-not-inferred: Expected a latent of a model that is served here, or its name in the path; packed latents need height and width as well.',
    ],
    [
      'a latent of two models',
      { named: undefined, query: GOOD.query.replace(/&scaling.*/, ''), served: ['sd-v1', 'sdxl'] },
      'model-ambiguous: This latent fits sd-v1, sdxl; name one in the path, as in POST /sd-v1.',
    ],
  ])('%s', (_, changes, problem) => {
    expect(refuse(changes)).toBe(problem)
  })

  test('a model that there is not, without quoting its name', () => {
    expect(refuse({ named: '<script>canary</script>' })).not.toContain('canary')
  })
})
