import { describe, expect, test } from 'vitest'
import { allModels, findModel, isServable } from './registry.ts'

describe('the registry', () => {
  test('knows 42 models, each by its own id', () => {
    expect(allModels).toHaveLength(42)
    expect(new Set(allModels.map(({ id }) => id)).size).toBe(42)
  })

  test('gives no name to two models, in whatever case it is written', () => {
    const names = allModels.flatMap(({ id, aliases }) => [id, ...aliases]).map((name) => name.toLowerCase())
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })

  test('has names that can stand in a path and in ?model=', () => {
    const names = allModels.flatMap(({ id, aliases }) => [id, ...aliases])
    expect(names.filter((name) => !/^[\w.-]{1,64}$/.test(name))).toEqual([])
    expect(allModels.filter(({ id }) => !/^[a-z0-9.-]+$/.test(id))).toEqual([])
  })

  test.each(allModels.map((model) => [model.id, model] as const))(
    'finds %s by all its names, in any case',
    (_, model) => {
      for (const name of [model.id, ...model.aliases]) {
        expect([findModel(name), findModel(name.toUpperCase())]).toEqual([model, model])
      }
    },
  )

  test.each(['', 'sd-v1 ', 'nothing', 'toString', '__proto__', '*'])('finds nothing by "%s"', (name) => {
    expect(findModel(name)).toBeUndefined()
  })

  test('does not serve the two models whose geometry no public source states', () => {
    expect(allModels.filter((model) => !isServable(model)).map(({ id }) => id)).toEqual([
      'sd-x4-upscaler',
      'kolors',
    ])
  })
})

describe.each(allModels.map((model) => [model.id, model] as const))('the facts of %s', (_, model) => {
  test('fit together', () => {
    expect(model.layouts.length).toBeGreaterThan(0)
    expect(model.sources.length).toBeGreaterThan(0)
    expect(allModels.some(({ id }) => id === model.latentSpace)).toBe(true)
    expect(model.kind === 'image').toBe(model.frames.kind === 'still')
    expect(model.outputs).toEqual(model.kind === 'image' ? ['pil', 'pt'] : ['pil', 'pt', 'mp4'])
    if (model.kind === 'video') expect(model.layouts.every((layout) => layout.includes('T'))).toBe(true)
  })

  test('have the channels and the compression of their latent space', () => {
    const space = findModel(model.latentSpace)
    expect([model.channels, model.spatialCompression]).toEqual([space?.channels, space?.spatialCompression])
  })

  test('scale by numbers that can be divided by, one per channel', () => {
    const { scaling, channels } = model
    if (scaling.kind === 'factor') {
      expect(scaling.factor).toBeGreaterThan(0)
      expect(Number.isFinite(scaling.shift)).toBe(true)
    }
    if (scaling.kind === 'statistics') {
      const perChannel = (scaling.latentFrames ?? 1) * (model.packing === 'flux2-patchify' ? 4 : 1)
      expect(scaling.mean).toHaveLength((channels ?? 0) * perChannel)
      expect(scaling.std).toHaveLength(scaling.mean.length)
      expect(scaling.std.every((std) => std > 0)).toBe(true)
      expect(scaling.factor).toBeGreaterThan(0)
    }
  })
})
