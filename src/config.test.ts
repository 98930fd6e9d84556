import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../test/support/results.ts'
import { planFingerprint } from './auth/api-key.ts'
import { formatPath } from './config/problem.ts'
import { readConfig } from './config.ts'
import { allModels, isServable } from './models/registry.ts'
import { canPreview } from './preview/factors/index.ts'

const KEY_SECRETS = JSON.stringify({ 1: Buffer.alloc(32, 1).toString('base64') })
const BACKEND = { id: 'gpu-1', url: 'https://decoder.example.com/', models: ['sdxl'] }
const ENV = { KEY_SECRETS, BACKENDS: [BACKEND] }

const read = (changes: Record<string, unknown> = {}) => expectValue(readConfig({ ...ENV, ...changes }))
/** `path: message` of everything that is wrong. */
const refuse = (changes: Record<string, unknown>): string[] =>
  expectError(readConfig({ ...ENV, ...changes })).map(
    ({ path, message }) => `${formatPath(path)}: ${message}`,
  )
describe('a good configuration', () => {
  test('is completed with every default', () => {
    expect(read()).toEqual({
      backends: [
        {
          id: 'gpu-1',
          kind: 'vae-backend',
          url: 'https://decoder.example.com/',
          token: undefined,
          models: ['sdxl'],
          operations: ['decode'],
          slots: 1,
          scaleToZero: false,
          coldStartWaitMs: 600_000,
          abortable: true,
          shard: undefined,
          learnsSlots: true,
        },
      ],
      plans: new Map([
        [
          planFingerprint('default'),
          {
            name: 'default',
            models: ['*'],
            requestsPerMinute: null,
            megapixelsPerMinute: null,
            concurrency: null,
            megapixelsPerMonth: null,
          },
        ],
      ]),
      anonymous: null,
      knowsAddresses: true,
      peppers: [[1, new Uint8Array(32).fill(1)]],
      adminToken: undefined,
      shards: new Map(),
      models: expect.objectContaining({ all: allModels }),
      dispatch: {
        deadlineMs: 60_000,
        attemptTimeoutMs: 20_000,
        commitBytes: 4_194_304,
        bodyBudgetBytes: 40_000_000,
      },
    })
  })

  test('may be the one of the design', () => {
    const config = read({
      HF_TOKEN: 'hf_secret',
      BACKENDS: [
        {
          id: 'sdxl-us-1',
          url: 'https://x2d.us-east-1.aws.endpoints.huggingface.cloud',
          models: ['sdxl'],
          kind: 'huggingface',
          tokenSecret: 'HF_TOKEN',
          slots: 1,
          scaleToZero: true,
        },
      ],
      PLANS: {
        default: {
          requestsPerMinute: 60,
          megapixelsPerMinute: 120,
          concurrency: 4,
          megapixelsPerMonth: 100_000,
          models: ['*'],
        },
      },
    })
    expect(config.backends[0]).toMatchObject({
      url: 'https://x2d.us-east-1.aws.endpoints.huggingface.cloud/',
      token: 'hf_secret',
      scaleToZero: true,
      abortable: false,
    })
    expect(config.plans.get(planFingerprint('default'))).toMatchObject({
      requestsPerMinute: 60,
      concurrency: 4,
    })
    expect(config.plans.size).toBe(1)
  })

  test('names models by any alias and once each', () => {
    expect(
      read({ BACKENDS: [{ ...BACKEND, models: ['xl', 'FLUX.1-dev', 'sdxl'] }] }).backends[0]?.models,
    ).toEqual(['sdxl', 'flux'])
  })

  test('means every servable model by a star', () => {
    expect(read({ BACKENDS: [{ ...BACKEND, models: ['*'] }] }).backends[0]?.models).toEqual(
      allModels.filter(isServable).map(({ id }) => id),
    )
  })

  test('has an abortable backend when it says so', () => {
    const [backend] = read({ BACKENDS: [{ ...BACKEND, kind: 'huggingface', abortable: true }] }).backends
    expect(backend?.abortable).toBe(true)
  })

  test('is not disturbed by bindings and by strings that are not ours', () => {
    class Binding {}
    expect(
      read({ POOL: new Binding(), ASSETS: new Binding(), OTHER: 'text', NUMBER: 1, NOTHING: null }),
    ).toEqual(read())
  })

  test('may go to the bounds of its numbers', () => {
    const least = { deadlineMs: 1_000, attemptTimeoutMs: 100, commitBytes: 0, bodyBudgetBytes: 1_048_576 }
    const most = {
      deadlineMs: 120_000,
      attemptTimeoutMs: 120_000,
      commitBytes: 33_554_432,
      bodyBudgetBytes: 100_000_000,
    }
    expect([least, most].map((DISPATCH) => read({ DISPATCH }).dispatch)).toEqual([least, most])
    expect(read({ BACKENDS: [{ ...BACKEND, slots: 256 }] }).backends[0]?.slots).toBe(256)
  })

  test('always has the default plan', () => {
    const { plans } = read({ PLANS: { pro: { models: ['sdxl'] } } })
    expect([...plans.values()].map(({ name }) => name)).toEqual(['default', 'pro'])
  })
})

describe('previews', () => {
  const preview = { id: 'preview', kind: 'preview', models: ['*'], slots: 4 }
  const previewOf = (...backends: object[]) =>
    read({ BACKENDS: backends }).backends.find(({ kind }) => kind === 'preview')

  test('show every model they have colours for', () => {
    expect(previewOf(preview)?.models).toEqual(allModels.filter(canPreview).map(({ id }) => id))
    expect(previewOf(preview)).toMatchObject({ url: undefined, token: undefined })
  })

  test('lose the models that a real backend serves, wherever it stands in the list', () => {
    const real = { ...BACKEND, models: ['sdxl', 'flux'] }
    for (const backends of [
      [preview, real],
      [real, preview],
    ]) {
      const models = previewOf(...backends)?.models ?? []
      expect(models).toContain('sd-v1')
      expect(models.filter((model) => ['sdxl', 'flux'].includes(model))).toEqual([])
    }
  })

  test('keep nothing beside a backend that serves all', () => {
    expect(previewOf(preview, { ...BACKEND, models: ['*'] })?.models).toEqual([])
  })

  test.each([
    [{ url: 'https://decoder.example.com/' }, 'vars.BACKENDS[0].url: a preview backend has no url'],
    [{ tokenSecret: 'KEY_SECRETS' }, 'vars.BACKENDS[0].tokenSecret: a preview backend has no token'],
    [{ models: ['sana'] }, 'vars.BACKENDS[0].models: "sana": the preview has no colours for this model'],
  ])('are refused with %j', (changes, complaint) => {
    expect(refuse({ BACKENDS: [{ ...preview, ...changes }] })).toEqual([complaint])
  })
})
