/** Requests that fail on every backend, sent again and again by one caller, take nothing from other callers. */
import { expect, test } from 'vitest'
import { answer, reset, serve } from '../support/behaviours.ts'
import { decode, pictureQuery, uniqueLatent } from '../support/client.ts'
import type { BackendRequest, Behaviour } from '../support/fake-backend.ts'
import { mintKey } from '../support/gateway.ts'
import { stage } from '../support/stage.ts'

const MODELS = [
  'sd-v1',
  'sdxl',
  'pixart-alpha',
  'pixart-sigma',
  'auraflow',
  'hunyuan-dit',
  'omnigen',
  'playground-2.5',
]

/** Three backends for each case, so that none begins with what another one left. */
const on = stage((url) => ({
  BACKENDS: [
    ...MODELS.flatMap((model) =>
      ['a', 'b', 'c'].map((name) => ({
        id: `${model.replace('.', '-')}-${name}`,
        url: `${url}${model}/${name}/`,
        models: [model],
      })),
    ),
    ...['a', 'b'].map((name) => ({
      id: `both-${name}`,
      url: `${url}both/${name}/`,
      models: ['sd3', 'flux'],
    })),
  ],
}))

/** The caller whose decodes all fail sends pictures that are as large as those of the others, and wider than they are high. */
const isBad = ({ query }: BackendRequest): boolean => query.getAll('shape').at(-1) === '16'

const badOnly =
  (behaviour: Behaviour): Behaviour =>
  (socket, request) =>
    (isBad(request) ? behaviour : serve)(socket, request)

const GOOD_QUERY = pictureQuery(8)
const BAD_QUERY = GOOD_QUERY.replace('shape=8&shape=8', 'shape=4&shape=16')

async function statusOf(path: string, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'x-vae-deadline-ms': '2000' }
  const response = await decode(on.gateway, path, uniqueLatent(8), { headers })
  await response.arrayBuffer()
  return response.status
}

const BAD: readonly [what: string, model: string, behaviour: Behaviour][] = [
  ['404', 'sd-v1', answer('404 Not Found', 'no such route')],
  ['401', 'hunyuan-dit', answer('401 Unauthorized', 'no')],
  ['429 and a minute', 'sdxl', answer('429 Too Many Requests', 'later', { 'retry-after': '60' })],
  ['503 and a minute', 'omnigen', answer('503 Service Unavailable', 'later', { 'retry-after': '60' })],
  ['413', 'pixart-alpha', answer('413 Content Too Large', 'too large')],
  ['500', 'pixart-sigma', answer('500 Internal Server Error', 'oh')],
  ['out of memory', 'auraflow', answer('400 Bad Request', 'CUDA out of memory')],
  ['a reset', 'playground-2.5', reset],
]

test.each(BAD)(
  'FB4: requests that are answered with %s leave the backends to others',
  async (_, model, bad) => {
    on.backend.behaviour = badOnly(bad)
    const badKey = await mintKey()
    const others: number[] = []
    for (let i = 0; i < 12; i++) {
      expect(await statusOf(`/${model}?${BAD_QUERY}`, badKey)).toBeGreaterThanOrEqual(400)
      const good = `/${model}?${GOOD_QUERY}`
      others.push(await statusOf(good, on.gateway.key), await statusOf(good, on.gateway.key))
    }
    expect(others).toEqual(others.map(() => 200))
  },
)

test('FB5: a model that all backends refuse leaves them to their other models', async () => {
  const refuse = answer('404 Not Found', 'no such model')
  on.backend.behaviour = (socket, request) =>
    // Flux and SD3 differ in what the gateway asks of a backend, which sends the latent alone.
    (request.query.get('scaling_factor') === '0.3611' ? refuse : serve)(socket, request)
  const ask = async (model: string): Promise<number> => {
    const query = `${pictureQuery(8, 16)}&scaling_factor=${model === 'flux' ? '0.3611' : '1.5305'}`
    const response = await decode(on.gateway, `/${model}?${query}`, uniqueLatent(8, 16))
    await response.arrayBuffer()
    return response.status
  }
  for (let i = 0; i < 4; i++) {
    expect(await ask('flux')).toBe(502)
    expect([await ask('sd3'), await ask('sd3')]).toEqual([200, 200])
  }
})
