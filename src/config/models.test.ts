import { describe, expect, test } from 'vitest'
import { maxMegapixels } from '../models/cost.ts'
import { allModels, findModel } from '../models/registry.ts'
import { modelSchema } from './model-schema.ts'
import { readModels } from './models.ts'
import { formatPath } from './problem.ts'

const OWN = { id: 'my-vae', kind: 'image', channels: 8, spatialCompression: 16 }
const VIDEO = { ...OWN, kind: 'video', frames: { kind: 'causal', stride: 4 } }

const read = (...entries: object[]) => readModels(entries.map((entry) => modelSchema.parse(entry)))
const refuse = (...entries: object[]): string[] =>
  read(...entries).problems.map(({ path, message }) => `${formatPath(path)}: ${message}`)

describe('without entries', () => {
  test('the registry is the built-in one', () => {
    expect(read().registry.all).toEqual(allModels)
  })
})

describe('a built-in model', () => {
  test('is narrowed in size and in frames, and otherwise stays what it is', () => {
    const { registry, problems } = read({ id: 'hunyuan-video', maxMegapixels: 20, maxFrames: 61 })
    expect(problems).toEqual([])
    const model = registry.find('hunyuan-video')
    expect(model).toEqual({ ...findModel('hunyuan-video'), limits: { maxMegapixels: 20, maxFrames: 61 } })
    expect(model && maxMegapixels(model)).toBe(20)
    expect(registry.all.map(({ id }) => id)).toEqual(allModels.map(({ id }) => id))
  })

  test.each([
    [
      'channels',
      { id: 'sdxl', channels: 8 },
      'vars.MODELS[0].channels: sdxl is built in; only maxMegapixels and maxFrames can be set',
    ],
    [
      'more than memory has',
      { id: 'sdxl', maxMegapixels: 17 },
      'vars.MODELS[0].maxMegapixels: at most 16.8, which sdxl has without it',
    ],
    [
      'frames of a picture',
      { id: 'sdxl', maxFrames: 1 },
      'vars.MODELS[0].maxFrames: sdxl makes pictures, which have no frames',
    ],
  ])('is not given %s', (_, entry, refusal) => {
    expect(refuse(entry)).toEqual([refusal])
  })

  test('has one entry', () => {
    const entry = { id: 'sdxl', maxMegapixels: 4 }
    expect(refuse(entry, entry)).toEqual(['vars.MODELS[1].id: there twice'])
  })
})

describe('a model of the operator', () => {
  test('is complete with what makes it different from others', () => {
    const { registry, problems } = read({ ...OWN, aliases: ['Mine'], scalingFactor: 0.5, shiftFactor: 0.1 })
    expect(problems).toEqual([])
    expect(registry.find('MINE')).toEqual({
      id: 'my-vae',
      aliases: ['Mine'],
      kind: 'image',
      latentSpace: 'my-vae',
      diffusersClass: 'AutoencoderKL',
      checkpoint: null,
      channels: 8,
      spatialCompression: 16,
      frames: { kind: 'still' },
      layouts: ['BCHW'],
      packing: null,
      scaling: { kind: 'factor', factor: 0.5, shift: 0.1 },
      dtype: null,
      outputs: ['pil', 'pt'],
      sources: [],
      limits: {},
    })
    expect(registry.all).toHaveLength(43)
  })

  test('may be a video model with statistics per channel', () => {
    const numbers = Array.from({ length: 8 }, () => 0.5)
    const { registry } = read({ ...VIDEO, latentsMean: numbers, latentsStd: numbers, maxFrames: 81 })
    expect(registry.find('my-vae')).toMatchObject({
      frames: { kind: 'causal', stride: 4 },
      layouts: ['BCTHW'],
      scaling: { kind: 'statistics', mean: numbers, std: numbers, factor: 1 },
      outputs: ['pil', 'pt', 'mp4'],
      limits: { maxFrames: 81 },
    })
  })

  test('whose constants only its weights know is scaled by its backend', () => {
    expect(read(OWN).registry.find('my-vae')?.scaling).toEqual({ kind: 'checkpoint' })
  })

  test.each<[string, object[], string]>([
    ['nothing but its id', [{ id: 'my-vae' }], 'kind: missing; a model that is not built in needs it'],
    ['a video without frames', [{ ...OWN, kind: 'video' }], 'frames: missing; a video model needs it'],
    ['a picture with frames', [{ ...VIDEO, kind: 'image' }], 'frames: only video models have frames'],
    [
      'a limit of frames for pictures',
      [{ ...OWN, maxFrames: 3 }],
      'maxFrames: only video models have frames',
    ],
    ['a video in a flat layout', [{ ...VIDEO, layouts: ['BCHW'] }], 'layouts: a video has the axis T'],
    [
      'a packing of pictures for a video',
      [{ ...VIDEO, packing: 'flux-2x2' }],
      'packing: not for a video model',
    ],
    ['too few means', [{ ...OWN, latentsMean: [1], latentsStd: [1] }], 'latentsMean: expected 8 numbers'],
    [
      'a shift without a factor',
      [{ ...OWN, shiftFactor: 1 }],
      'shiftFactor: only beside a scalingFactor alone',
    ],
    ['a name of another model', [{ ...OWN, aliases: ['XL'] }], 'aliases: "XL" is a name of sdxl'],
    ['a path of the gateway', [{ ...OWN, id: 'health' }], 'id: "health" is a path of the gateway'],
  ])('is refused with %s', (_, entries, refusal) => {
    expect(refuse(...entries)).toContain(`vars.MODELS[0].${refusal}`)
  })

  test('is refused under a name of another one of them', () => {
    expect(refuse(OWN, { ...OWN, id: 'other', aliases: ['my-vae'] })).toEqual([
      'vars.MODELS[1].aliases: "my-vae" is a name of my-vae',
    ])
  })

  test.each([
    ['capitals in its id', { ...OWN, id: 'My' }],
    ['channels that are none', { ...OWN, channels: 0 }],
    ['a factor of 0', { ...OWN, scalingFactor: 0 }],
    ['a setting that there is not', { ...OWN, chanels: 4 }],
    ['a dtype that nobody computes in', { ...OWN, dtype: 'int8' }],
  ])('never gets as far with %s', (_, entry) => {
    expect(modelSchema.safeParse(entry).success).toBe(false)
  })
})
