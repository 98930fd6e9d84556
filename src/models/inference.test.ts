import { describe, expect, test } from 'vitest'
import { expectValue } from '../../test/support/results.ts'
import { parseDecodeQuery } from '../wire/decode-query.ts'
import { inferModels } from './inference.ts'
import { allModels } from './registry.ts'

const infer = (query: string, candidates = allModels): string[] =>
  inferModels(candidates, expectValue(parseDecodeQuery(new URLSearchParams(`${query}&dtype=float16`)))).map(
    ({ id }) => id,
  )
const only = (...ids: string[]) => allModels.filter(({ id }) => ids.includes(id))

describe('among all models', () => {
  test.each([
    ['SD v1', 'shape=1,4,64,64&scaling_factor=0.18215', ['sd-v1']],
    ['SDXL', 'shape=1,4,128,128&scaling_factor=0.13025', ['sdxl']],
    ['Playground', 'shape=1,4,128,128&scaling_factor=0.5', ['playground-2.5']],
    [
      'packed Flux',
      'shape=1,4096,64&scaling_factor=0.3611&shift_factor=0.1159&height=1024&width=1024',
      ['flux'],
    ],
    ['unpacked Flux', 'shape=1,16,128,128&scaling_factor=0.3611&shift_factor=0.1159', ['flux']],
    [
      'Flux of three axes, from SD.Next',
      'shape=16,128,128&scaling_factor=0.3611&height=1024&width=1024',
      ['flux'],
    ],
    ['SD3', 'shape=1,16,128,128&scaling_factor=1.5305&shift_factor=0.0609', ['sd3']],
    ['HunyuanVideo', 'shape=1,16,3,40,64&scaling_factor=0.476986', ['hunyuan-video']],
    ['SVD, frames before channels', 'shape=1,25,4,72,128&scaling_factor=0.18215', ['svd']],
    ['FLUX.2 in a grid', 'shape=1,128,64,64', ['flux2']],
    ['Sana', 'shape=1,32,32,32&scaling_factor=0.41407', ['sana']],
    ['Wan 2.2', 'shape=1,48,5,30,52', ['wan-2.2']],
    ['Mochi', 'shape=1,12,5,60,106&do_scaling=True', ['mochi']],
  ])('knows %s', (_, query, ids) => {
    expect(infer(query)).toEqual(ids)
  })

  const fourChannels = ['sd-v1', 'sdxl', 'playground-2.5', 'stable-cascade']
  const videos = ['hunyuan-video', 'wan-2.1', 'cogvideox', 'cogvideox-5b', 'cosmos', 'easyanimate']
  test.each([
    ['four channels without a factor', 'shape=1,4,64,64&do_scaling=True', fourChannels],
    ['four channels that are not to be scaled', 'shape=1,4,64,64&do_scaling=False', fourChannels],
    ['a video of 16 channels', 'shape=1,16,3,40,64&do_scaling=True', videos],
    ['16 channels', 'shape=1,16,64,64', ['sd3', 'cogview3-plus', 'cogview4', 'flux']],
    ['packed tokens of 64', 'shape=1,4096,64&height=1024&width=1024', ['flux', 'qwen-image']],
  ])('finds %s ambiguous', (_, query, ids) => {
    expect(infer(query)).toEqual(ids)
  })

  test.each([
    ['channels of no model', 'shape=1,5,64,64'],
    ['a factor of no model', 'shape=1,4,64,64&scaling_factor=0.2'],
    ['a factor of a model of other channels', 'shape=1,4,64,64&scaling_factor=0.476986'],
    ['packed tokens without a size', 'shape=1,4096,64'],
  ])('knows nothing with %s', (_, query) => {
    expect(infer(query)).toEqual([])
  })
})

describe('the factor', () => {
  const sd = only('sd-v1')

  test.each([
    ['0.18215', ['sd-v1']],
    ['0.1822', ['sd-v1']],
    ['0.182', ['sd-v1']],
    ['0.1819', []],
    ['0.1825', []],
    ['-0.18215', []],
  ])('%s is that of SD v1 within a thousandth: %j', (factor, ids) => {
    expect(infer(`shape=1,4,64,64&scaling_factor=${factor}`, sd)).toEqual(ids)
  })

  test('speaks against models whose constants are in their weights', () => {
    expect(infer('shape=1,4,64,64&scaling_factor=1', only('stable-cascade'))).toEqual([])
    expect(infer('shape=1,4,64,64&do_scaling=True', only('stable-cascade'))).toEqual(['stable-cascade'])
  })
})

describe('candidates', () => {
  const fourChannels = 'shape=1,4,64,64&do_scaling=True'

  test('are only those that are served', () => {
    expect(infer(fourChannels, only('sdxl'))).toEqual(['sdxl'])
    expect(infer(fourChannels, only('flux', 'sd3'))).toEqual([])
    expect(infer(fourChannels, [])).toEqual([])
  })

  test('of one latent space are one: the model it is named after, or the first that is there', () => {
    expect(infer(fourChannels, only('pixart-sigma', 'sdxl', 'auraflow'))).toEqual(['sdxl'])
    expect(infer(fourChannels, only('pixart-sigma', 'auraflow'))).toEqual(['pixart-sigma'])
    expect(infer(fourChannels, [...only('auraflow'), ...only('pixart-sigma')])).toEqual(['auraflow'])
    expect(infer('shape=1,16,3,40,64&do_scaling=True', only('kandinsky5-video', 'hunyuan-video'))).toEqual([
      'hunyuan-video',
    ])
  })

  test('without known geometry are none', () => {
    expect(infer(fourChannels, only('kolors', 'sd-x4-upscaler'))).toEqual([])
  })
})
