import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { seeded } from '../../test/support/seeded.ts'
import { type DecodeQuery, parseDecodeQuery } from './decode-query.ts'

const parse = (query: string) => parseDecodeQuery(new URLSearchParams(query))
const read = (query: string): DecodeQuery => expectValue(parse(query))
const refuse = (query: string) => expectError(parse(query))

const GOOD = 'shape=1&shape=4&shape=64&shape=64&dtype=float16'

describe('queries as clients write them', () => {
  const nothing = {
    outputType: undefined,
    imageFormat: 'jpg',
    partialPostprocess: false,
    scaling: { kind: 'none' },
    size: undefined,
    model: undefined,
    outputDtype: undefined,
    strict: false,
  }

  test.each<[string, string, Partial<DecodeQuery>]>([
    [
      'diffusers, a picture',
      'image_format=jpg&output_type=pil&partial_postprocess=False&shape=1&shape=4&shape=64&shape=64&dtype=float16&scaling_factor=0.18215',
      {
        shape: [1, 4, 64, 64],
        dtype: 'float16',
        outputType: 'pil',
        scaling: { kind: 'explicit', factor: 0.18215, shift: 0 },
      },
    ],
    [
      'diffusers, a packed latent',
      'image_format=png&output_type=pt&partial_postprocess=True&shape=1&shape=4096&shape=64&dtype=bfloat16&scaling_factor=0.3611&shift_factor=0.1159&height=1024&width=1024',
      {
        shape: [1, 4096, 64],
        dtype: 'bfloat16',
        outputType: 'pt',
        imageFormat: 'png',
        partialPostprocess: true,
        scaling: { kind: 'explicit', factor: 0.3611, shift: 0.1159 },
        size: { height: 1024, width: 1024 },
      },
    ],
    [
      'diffusers, a video',
      'image_format=jpg&output_type=mp4&partial_postprocess=False&shape=1&shape=16&shape=3&shape=40&shape=64&dtype=float16&do_scaling=True',
      { shape: [1, 16, 3, 40, 64], dtype: 'float16', outputType: 'mp4', scaling: { kind: 'model' } },
    ],
    [
      'kijai and Visionatrix, with height and width that make no sense',
      'do_scaling=False&output_type=pt&partial_postprocess=False&shape=1&shape=16&shape=3&shape=40&shape=64&dtype=float32&height=24&width=320',
      {
        shape: [1, 16, 3, 40, 64],
        dtype: 'float32',
        outputType: 'pt',
        size: { height: 24, width: 320 },
      },
    ],
    [
      'SD.Next of February 2025, raw',
      'do_scaling=True&input_tensor_type=binary&shape=1&shape=4&shape=64&shape=64&dtype=float16&partial_postprocess=False&output_type=pt&output_tensor_type=binary',
      { shape: [1, 4, 64, 64], dtype: 'float16', outputType: 'pt', scaling: { kind: 'model' } },
    ],
    [
      'SD.Next of today, width before height',
      'input_tensor_type=binary&shape=1&shape=2048&shape=64&dtype=bfloat16&scaling_factor=0.3611&shift_factor=0.1159&image_format=png&output_type=pil&width=1024&height=512',
      {
        shape: [1, 2048, 64],
        dtype: 'bfloat16',
        outputType: 'pil',
        imageFormat: 'png',
        scaling: { kind: 'explicit', factor: 0.3611, shift: 0.1159 },
        size: { height: 512, width: 1024 },
      },
    ],
    [
      'the urllib node, shape last',
      'do_scaling=False&output_type=pt&partial_postprocess=False&dtype=float32&height=512&width=512&shape=1&shape=4&shape=64&shape=64',
      {
        shape: [1, 4, 64, 64],
        dtype: 'float32',
        outputType: 'pt',
        size: { height: 512, width: 512 },
      },
    ],
    [
      'an encode request',
      `${GOOD}&scaling_factor=0.18215`,
      { scaling: { kind: 'explicit', factor: 0.18215, shift: 0 } },
    ],
    ['a request that names its model', `${GOOD}&model=SD-v1.5`, { model: 'SD-v1.5' }],
  ])('reads %s', (_, query, expected) => {
    expect(read(query)).toEqual({ ...nothing, shape: [1, 4, 64, 64], dtype: 'float16', ...expected })
  })

  test.each(['shape=1,4,64,64', 'shape=[1,4,64,64]', 'shape=%5B1%2C+4%2C+64%2C+64%5D'])(
    'reads %s too',
    (shape) => {
      expect(read(`${shape}&dtype=float16`).shape).toEqual([1, 4, 64, 64])
    },
  )

  test.each(['height=512', 'width=512'])('takes %s alone for no size at all', (side) => {
    expect(read(`${GOOD}&${side}`).size).toBeUndefined()
  })

  test.each(['input_tensor_type=binary', 'x=1&x=2', 'Shape=0', 'seed=None', '=', 'shape%5B%5D=1'])(
    'C18: ignores the unknown %s',
    (unknown) => {
      expect(read(`${GOOD}&${unknown}`)).toEqual(read(GOOD))
    },
  )
})

describe('scaling, by what is sent', () => {
  test.each<[string, DecodeQuery['scaling']]>([
    ['', { kind: 'none' }],
    ['do_scaling=False', { kind: 'none' }],
    ['do_scaling=False&scaling_factor=0.18215', { kind: 'none' }],
    ['do_scaling=True', { kind: 'model' }],
    ['scaling_factor=0.18215', { kind: 'explicit', factor: 0.18215, shift: 0 }],
    ['do_scaling=True&scaling_factor=0.5', { kind: 'explicit', factor: 0.5, shift: 0 }],
    ['scaling_factor=0.3611&shift_factor=0.1159', { kind: 'explicit', factor: 0.3611, shift: 0.1159 }],
    ['do_scaling=True&shift_factor=0.1159', { kind: 'model' }],
    ['shift_factor=0.1159', { kind: 'explicit', factor: 1, shift: 0.1159 }],
    ['do_scaling=False&shift_factor=0.1159', { kind: 'none' }],
  ])('"%s"', (query, scaling) => {
    expect(read(`${GOOD}&${query}`).scaling).toEqual(scaling)
  })
})

describe('refusals', () => {
  test('name what is missing, the shape first', () => {
    expect(refuse('')).toMatchObject({ reason: 'missing', parameter: 'shape' })
    expect(refuse('shape=1&shape=4&shape=8&shape=8')).toMatchObject({ reason: 'missing', parameter: 'dtype' })
  })

  test.each(['float64', 'uint8', 'torch.float16', 'Float16', 'half', 'int8', ''])(
    'C15: know no dtype "%s"',
    (dtype) => {
      expect(refuse(`shape=1&shape=4&shape=8&shape=8&dtype=${dtype}`)).toEqual({
        reason: 'invalid',
        parameter: 'dtype',
        expected: 'one of float32, float16, bfloat16',
      })
    },
  )

  test.each([
    ['output_type=jpeg', 'one of pil, pt, mp4'],
    ['output_type=PIL', 'one of pil, pt, mp4'],
    ['image_format=jpeg', 'jpg or png'],
    ['image_format=webp', 'jpg or png'],
    ['model=', 'the id or an alias of a model'],
    ['model=a/b', 'the id or an alias of a model'],
    [`model=${'m'.repeat(65)}`, 'the id or an alias of a model'],
  ])('say what was expected instead of %s', (query, expected) => {
    const [parameter = ''] = query.split('=')
    expect(refuse(`${GOOD}&${query}`)).toEqual({ reason: 'invalid', parameter, expected })
  })

  test.each([
    'dtype',
    'output_type',
    'image_format',
    'partial_postprocess',
    'do_scaling',
    'scaling_factor',
    'shift_factor',
    'height',
    'width',
    'model',
  ])('C17: take %s once only', (name) => {
    const twice = new URLSearchParams([
      ['shape', '1,4,8,8'],
      [name, 'float16'],
      [name, 'float16'],
    ])
    expect(expectError(parseDecodeQuery(twice))).toEqual({ reason: 'duplicate', parameter: name })
  })

  test('C19: quote nothing that was sent, whatever it is', () => {
    const canary = fc.array(fc.nat(0x10ffff)).map((codes) => `canary${String.fromCodePoint(...codes)}`)
    fc.assert(
      fc.property(
        canary,
        fc.constantFrom('shape', 'dtype', 'output_type', 'height', 'scaling_factor'),
        (text, name) => {
          const query = new URLSearchParams(GOOD)
          query.set(name, text)
          expect(JSON.stringify(expectError(parseDecodeQuery(query)))).not.toContain('canary')
        },
      ),
      seeded,
    )
  })
})
