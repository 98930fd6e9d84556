/** Keys that ask for more than their share of a pool. */
import { expect, test } from 'vitest'
import { serveAfter } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { mintKey } from '../support/gateway.ts'
import { soon, stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [
    { id: 'shared', url, models: ['auraflow'] },
    // Nothing is learnt of it yet.
    { id: 'untried', url: `${url}untried/`, models: ['omnigen'] },
  ],
}))

const PATH = `/auraflow?${pictureQuery()}`

test('C34: a key that fills the queue does not keep another waiting', async () => {
  const gate = Promise.withResolvers<void>()
  on.backend.behaviour = serveAfter(gate.promise)
  const light = { headers: { authorization: `Bearer ${await mintKey()}` } }
  const flood = Array.from({ length: 20 }, () => decode(on.gateway, PATH, uniqueLatent()))
  await soon(async () => expect((await on.gateway.poolStatus('shared')).queued).toBeGreaterThan(15))
  const latent = uniqueLatent()
  const one = decode(on.gateway, PATH, latent, light)
  await soon(async () => expect((await on.gateway.poolStatus('shared')).queued).toBeGreaterThan(16))
  gate.resolve()
  expect((await one).status).toBe(200)
  const place = on.backend.requests.findIndex(({ body }) => body.equals(latent))
  expect(place).toBeLessThan(6)
  for (const response of await Promise.all(flood)) expect(response.status).toBe(200)
})

test('C34: a key that asks for more than its share is told so, and when to come back', async () => {
  const gate = Promise.withResolvers<void>()
  on.backend.behaviour = serveAfter(gate.promise)
  const light = { headers: { authorization: `Bearer ${await mintKey()}` } }
  const other = [1, 2, 3].map(() => decode(on.gateway, `/omnigen?${pictureQuery()}`, uniqueLatent(), light))
  await soon(async () => expect((await on.gateway.poolStatus('untried')).queued).toBeGreaterThan(0))
  // More than a backend can be expected to do until then.
  const hasty = { headers: { 'x-vae-deadline-ms': '5000' } }
  const path = `/omnigen?${pictureQuery(128)}`
  const flood = Array.from({ length: 45 }, () => decode(on.gateway, path, uniqueLatent(128), hasty))
  const refused = await Promise.any(
    flood.map(async (answered) => {
      const response = await answered
      if (response.status === 200) throw new Error('served')
      return response
    }),
  )
  expect(refused.headers.has('retry-after')).toBe(true)
  expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'quota-exceeded' })
  gate.resolve()
  for (const response of await Promise.all(other)) expect(response.status).toBe(200)
  await Promise.all(flood)
})
