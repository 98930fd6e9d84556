/** What one fault of a backend means for the requests that come after it. */
import { expect, test } from 'vitest'
import { answer, reset, serve, sideOf } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { type BackendRequest, type Behaviour, isOfClient } from '../support/fake-backend.ts'
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

/** Three backends of each model, two of one, and one that is alone. */
const on = stage((url) => ({
  BACKENDS: [
    ...MODELS.flatMap((model) =>
      ['a', 'b', 'c'].map((name) => ({
        id: `${model.replace('.', '-')}-${name}`,
        url: `${url}${model}/${name}/`,
        models: [model],
      })),
    ),
    ...['a', 'b'].map((name) => ({ id: `sd3-${name}`, url: `${url}sd3/${name}/`, models: ['sd3'] })),
    { id: 'lone', url: `${url}lone/a/`, models: ['lumina-next'] },
  ],
}))

const isOf = ({ path }: BackendRequest, name: string): boolean => path.endsWith(`/${name}/`)
const askedOf = (name: string): BackendRequest[] =>
  on.backend.requests.filter((request) => isOf(request, name) && isOfClient(request))

/** Backends of these names behave so, the others well. */
const only =
  (names: string, behaviour: Behaviour): Behaviour =>
  (socket, request) =>
    ([...names].some((name) => isOf(request, name)) ? behaviour : work)(socket, request)

async function decodes(model: string, count: number, side = 8, channels = 4): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < count; i++) {
    const response = await decode(
      on.gateway,
      `/${model}?${pictureQuery(side, channels)}`,
      uniqueLatent(side, channels),
    )
    await response.arrayBuffer()
    statuses.push(response.status)
  }
  return statuses
}

/** Decodes in waves of six, which takes all three backends if each takes its time. */
async function wavesOf(model: string, count: number): Promise<number[]> {
  const statuses: number[][] = []
  for (let i = 0; i < count; i += 6) {
    statuses.push(...(await Promise.all(Array.from({ length: 6 }, () => decodes(model, 1)))))
  }
  return statuses.flat()
}

/** The right answer after a decode of 20 ms. */
const work: Behaviour = (socket, request) => void setTimeout(() => serve(socket, request), 20)

const all200 = (count: number): number[] => Array.from({ length: count }, () => 200)

test('B26: a backend that resets its connections gets next to nothing, and no request fails', async () => {
  on.backend.behaviour = only('a', reset)
  expect(await wavesOf('sd-v1', 60)).toEqual(all200(60))
  expect(askedOf('a').length).toBeLessThanOrEqual(4)
})

test('B30: a backend that is right but ten times as slow gets next to nothing while others are idle', async () => {
  const slowly =
    (ms: number): Behaviour =>
    (socket, request) =>
      void setTimeout(() => serve(socket, request), ms)
  on.backend.behaviour = (socket, request) => slowly(isOf(request, 'a') ? 200 : 20)(socket, request)
  expect(await decodes('playground-2.5', 40)).toEqual(all200(40))
  expect(askedOf('a').length).toBeLessThanOrEqual(3)
})

test('B31: a backend that fails at once, and so is always idle, gets a few jobs and no more', async () => {
  on.backend.behaviour = only('a', answer('500 Oops', ''))
  expect(await wavesOf('sdxl', 60)).toEqual(all200(60))
  expect(askedOf('a').length).toBeLessThanOrEqual(5)
})

test('B32: a backend that fails every other job is found out, though it never fails twice in a row', async () => {
  let turn = 0
  on.backend.behaviour = only('a', (socket, request) =>
    (turn++ % 2 === 0 ? work : answer('500 Oops', ''))(socket, request),
  )
  expect(await wavesOf('pixart-alpha', 120)).toEqual(all200(120))
  expect(askedOf('a').length).toBeLessThanOrEqual(12)
})

test('B14: a backend that refuses the gateway is left alone', async () => {
  on.backend.behaviour = only('a', answer('401 Unauthorized', ''))
  expect(await wavesOf('pixart-sigma', 60)).toEqual(all200(60))
  expect(askedOf('a').length).toBeLessThanOrEqual(4)
})

test('B12: a backend that ran out of memory gets no job of that size again, and small ones as before', async () => {
  const outOfMemory = answer('400 Bad Request', 'CUDA out of memory')
  on.backend.behaviour = only('a', (socket, request) =>
    (sideOf(request) > 512 ? outOfMemory : serve)(socket, request),
  )
  expect(await decodes('auraflow', 12, 96)).toEqual(all200(12))
  expect(askedOf('a').length).toBeLessThanOrEqual(1)
  const large = () => decode(on.gateway, `/lumina-next?${pictureQuery(96)}`, uniqueLatent(96))
  expect(await problemOf(await large())).toMatchObject({ status: 422, code: 'decode-too-large' })
  on.backend.requests.length = 0
  expect(await problemOf(await large())).toMatchObject({ status: 422, code: 'decode-too-large' })
  expect(on.backend.requests).toHaveLength(0)
  expect(await decodes('lumina-next', 3)).toEqual(all200(3))
})

test('B13: a request that two backends refuse is refused, and no third is asked', async () => {
  on.backend.behaviour = only('abc', answer('400 Bad Request', '{"error":"expected str"}'))
  const response = await decode(on.gateway, `/hunyuan-dit?${pictureQuery()}`, uniqueLatent())
  expect(await problemOf(response)).toMatchObject({ status: 422, code: 'rejected-by-backend' })
  expect(on.backend.requests).toHaveLength(2)
  on.backend.behaviour = serve
  expect(await decodes('hunyuan-dit', 6)).toEqual(all200(6))
})

test.each([
  ['omnigen', 4, 3, 'upstream-error'],
  ['sd3', 16, 2, 'request-failed-repeatedly'],
])(
  'B33: a latent that crashes backends takes none of them out: %s (of %i channels) has %i',
  async (model, channels, count, code) => {
    const poison = uniqueLatent(8, channels)
    // Slow enough that requests at a time need all three.
    on.backend.behaviour = (socket, request) => {
      if (request.body.equals(poison)) answer('500 Oops', 'segfault')(socket, request)
      else work(socket, request)
    }
    const warm = async (): Promise<void> => {
      const statuses = await Promise.all(Array.from({ length: 24 }, () => decodes(model, 1, 8, channels)))
      expect(statuses.flat()).toEqual(all200(24))
    }
    await warm()
    for (let i = 0; i < 3; i++) {
      on.backend.requests.length = 0
      const response = await decode(on.gateway, `/${model}?${pictureQuery(8, channels)}`, poison)
      expect(await problemOf(response)).toMatchObject({ status: 502, code })
      expect(on.backend.requests.filter(isOfClient)).toHaveLength(count)
      await warm()
    }
    const { backends } = await on.gateway.poolStatus(`${model}-a`)
    expect(backends.filter(({ health }) => health !== 'usable').map(({ id }) => id)).toEqual([])
  },
)
