/** Pools of which much is down, busy or asleep: what can be served is, and it comes back by itself. */
import { expect, test } from 'vitest'
import { answer, hang, pictureOf, reset, serve } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, rawConnection, rawDecode, uniqueLatent } from '../support/client.ts'
import { type BackendRequest, isOfClient, REFUSING_URL } from '../support/fake-backend.ts'
import { mintKey } from '../support/gateway.ts'
import { soon, stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [
    { id: 'all-1', url: `${url}all-1/`, models: ['sd-v1'] },
    { id: 'all-2', url: `${url}all-2/`, models: ['sd-v1'] },
    { id: 'half-1', url: `${url}half-1/`, models: ['sdxl'] },
    { id: 'half-2', url: `${url}half-2/`, models: ['sdxl'] },
    { id: 'half-3', url: `${REFUSING_URL}half-3/`, models: ['sdxl'] },
    { id: 'half-4', url: `${REFUSING_URL}half-4/`, models: ['sdxl'] },
    { id: 'sleeper', url: `${url}sleeper/`, models: ['pixart-alpha'], scaleToZero: true },
    { id: 'busy', url: `${url}busy/`, models: ['pixart-sigma'] },
    { id: 'stubborn', url: `${url}hf/`, kind: 'huggingface', models: ['omnigen'] },
  ],
}))

const pathOf = (model: string, side = 8): string => `/${model}?${pictureQuery(side)}`

test('B35: with every backend down requests fail at once, and are served soon after one is back', async () => {
  on.backend.behaviour = on.backend.health = reset
  await soon(async () => {
    const response = await decode(on.gateway, pathOf('sd-v1'), uniqueLatent())
    expect((await problemOf(response)).code).toBe('no-backend')
  })
  const askedAt = performance.now()
  const refused = await decode(on.gateway, pathOf('sd-v1'), uniqueLatent())
  expect(performance.now() - askedAt).toBeLessThan(1_000)
  expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'no-backend' })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)

  const isFirst = ({ path }: BackendRequest): boolean => path.startsWith('/all-1/')
  on.backend.behaviour = (socket, request) => (isFirst(request) ? serve : reset)(socket, request)
  on.backend.health = (socket, request) => (isFirst(request) ? answer('200 OK', '') : reset)(socket, request)
  await soon(async () => expect((await decode(on.gateway, pathOf('sd-v1'), uniqueLatent())).status).toBe(200))
})

test('B36: with half of the backends down a full load is served by the other half', async () => {
  const keys = await Promise.all([mintKey(), mintKey()])
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const headers = { authorization: `Bearer ${keys[index % 2]}` }
      return (await decode(on.gateway, pathOf('sdxl'), uniqueLatent(), { headers })).status
    }),
  )
  expect(statuses.filter((status) => status !== 200)).toEqual([])
})

test('B18: a backend that is asleep is woken by the first request, which waits for it', async () => {
  let isAwake = false
  const asleep = answer('503 Starting', '')
  on.backend.behaviour = (socket, request) => (isAwake ? serve : asleep)(socket, request)
  // It starts when it is first asked for its health.
  on.backend.health = (socket, request) => {
    const behaviour = isAwake ? answer('200 OK', '') : asleep
    behaviour(socket, request)
    isAwake = true
  }
  // Whether its client leaves the time to the gateway or says that it has long enough.
  for (const headers of [{}, { 'x-vae-deadline-ms': '120000' }]) {
    isAwake = false
    const latent = uniqueLatent()
    const response = await decode(on.gateway, pathOf('pixart-alpha'), latent, { headers })
    expect(response.status).toBe(200)
    expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
  }
})

test('B18: a request that cannot wait so long is told when to come back', async () => {
  on.backend.behaviour = answer('503 Starting', '')
  on.backend.health = answer('503 Starting', '')
  const headers = { 'x-vae-deadline-ms': '1000' }
  await soon(async () => {
    const response = await decode(on.gateway, pathOf('pixart-alpha'), uniqueLatent(), { headers })
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'cold-start' })
    expect(response.headers.has('retry-after')).toBe(true)
  })
})

test('B19: a request waits for a backend that asks for a second, and the client hears nothing of it', async () => {
  let asked = 0
  on.backend.behaviour = (socket, request) =>
    (isOfClient(request) && asked++ === 0 ? answer('429 Busy', '', { 'retry-after': '1' }) : serve)(
      socket,
      request,
    )
  const response = await decode(on.gateway, pathOf('pixart-sigma'), uniqueLatent())
  expect(response.status).toBe(200)
  const isBusy = (request: BackendRequest): boolean => request.path === '/busy/' && isOfClient(request)
  expect(on.backend.requests.filter(isBusy)).toHaveLength(2)
})

test('B34: a backend that decodes on after a client left gets the next job when it can be done', async () => {
  const arrivals: number[] = []
  on.backend.behaviour = (socket, request) => {
    // Others may be asked meanwhile whether they can decode again.
    if (request.path !== '/hf/') return serve(socket, request)
    arrivals.push(performance.now())
    ;(arrivals.length === 1 ? hang : serve)(socket, request)
  }
  const socket = await rawConnection(on.gateway)
  socket.write(rawDecode(on.gateway, pathOf('omnigen', 160), uniqueLatent(160)))
  await soon(() => expect(arrivals).toHaveLength(1))
  socket.resetAndDestroy()
  expect((await decode(on.gateway, pathOf('omnigen', 160), uniqueLatent(160))).status).toBe(200)
  const [first = 0, second = 0] = arrivals
  // 1280 x 1280 pixels are predicted to take 0.3 s; the second is sent ahead by what it needs for the way.
  expect(second - first).toBeGreaterThan(150)
})
