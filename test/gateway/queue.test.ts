/** Requests that wait: the pool's object is asked whether it is there, and nobody takes a long queue for a lost pool. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pictureOf, serve, serveAfter } from '../support/behaviours.ts'
import { decode, pictureQuery, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { slotsAreFree, startTestGateway, type TestGateway } from '../support/gateway.ts'

let backend: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  backend = await startFakeBackend(serve)
  gateway = await startTestGateway({ BACKENDS: [{ id: 'gpu', url: backend.url, models: ['sd-v1'] }] })
})
afterAll(async () => {
  await gateway.stop()
  await backend.stop()
})

test('P6: a request waits in a long queue, and the pool is not taken for lost', async () => {
  let open = (): void => {}
  backend.behaviour = serveAfter(
    new Promise((resolve) => {
      open = resolve
    }),
  )
  const path = `/sd-v1?${pictureQuery()}`
  const running = decode(gateway, path, uniqueLatent())
  await sleep(200)
  const latent = uniqueLatent()
  const waiting = decode(gateway, path, latent)
  // Two pings go by.
  await sleep(7_500)
  expect(backend.requests).toHaveLength(1)
  open()
  expect((await running).status).toBe(200)
  const response = await waiting
  expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
  expect(gateway.log.filter((line) => line.includes('pool-degraded'))).toEqual([])
  await slotsAreFree(gateway, 'gpu')
})
