/** Clients that leave, at each step of a request, or are so slow that they might as well. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { cut, hang, pictureOf, serve, serveAfter } from '../support/behaviours.ts'
import { decode, pictureQuery, rawConnection, rawDecode, uniqueLatent, withHead } from '../support/client.ts'
import { slotsAreFree } from '../support/gateway.ts'
import { soon, stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [
    { id: 'abortable', url, models: ['sd-v1'] },
    { id: 'stubborn', url: `${url}hf/`, kind: 'huggingface', models: ['sdxl'] },
  ],
  DISPATCH: { bodyBudgetBytes: 1_048_576, commitBytes: 65_536 },
}))

const PATH = `/sd-v1?${pictureQuery()}`

async function send(bytes: Uint8Array) {
  const socket = await rawConnection(on.gateway)
  await new Promise((resolve) => socket.write(bytes, resolve))
  return socket
}

/** Sends the beginning of an upload once the gateway has begun to read it. */
async function beginUpload(path: string, latent: Uint8Array, bytes: number) {
  const request = rawDecode(on.gateway, path, new Uint8Array(), { declared: latent.length })
  const socket = await send(withHead(request, (head) => `${head}\r\nexpect: 100-continue`))
  await once(socket, 'data')
  await new Promise((resolve) => socket.write(latent.subarray(0, bytes), resolve))
  return socket
}

const leasesOf = async (pool: string): Promise<number | undefined> =>
  (await on.gateway.poolStatus(pool)).backends.find(({ id }) => id === pool)?.leases

test('C1: a client that leaves during the upload reaches no backend and leaves no bytes behind', async () => {
  // More than the whole budget in all, so that bytes that stay behind would be missed.
  for (let i = 0; i < 6; i++) {
    const socket = await beginUpload(`/sd-v1?${pictureQuery(160)}`, uniqueLatent(160), 50_000)
    socket.resetAndDestroy()
  }
  const latent = uniqueLatent(300)
  await soon(async () => {
    const response = await decode(on.gateway, `/sd-v1?${pictureQuery(300)}`, latent)
    await response.body?.cancel()
    expect(response.status).toBe(200)
  })
  expect(on.backend.requests.every(({ body }) => body.length === latent.length)).toBe(true)
})

test('C2: a client that leaves the queue loses its place and wakes no backend', async () => {
  const gate = Promise.withResolvers<void>()
  on.backend.behaviour = serveAfter(gate.promise)
  const known = async (): Promise<number> => {
    const { queued, backends } = await on.gateway.poolStatus('abortable')
    return backends.reduce((sum, { leases }) => sum + leases, queued)
  }
  // One that the backend works on, one that may be sent ahead, one that waits.
  const staying = [1, 2, 3].map(() => decode(on.gateway, PATH, uniqueLatent()))
  await soon(async () => expect(await known()).toBe(3))
  const latent = uniqueLatent()
  const socket = await send(rawDecode(on.gateway, PATH, latent))
  await soon(async () => expect(await known()).toBe(4))
  socket.resetAndDestroy()
  await soon(async () => expect(await known()).toBe(3))
  gate.resolve()
  for (const response of await Promise.all(staying)) expect(response.status).toBe(200)
  expect(on.backend.requests.some(({ body }) => body.equals(latent))).toBe(false)
})

test('C3: a client that resets while its latent is decoded frees the slot and the connection at once', async () => {
  let held: Socket | undefined
  on.backend.behaviour = (socket) => {
    held = socket
  }
  const socket = await send(rawDecode(on.gateway, PATH, uniqueLatent()))
  await on.backendHas(1)
  expect(await leasesOf('abortable')).toBe(1)
  socket.resetAndDestroy()
  await slotsAreFree(on.gateway, 'abortable')
  await soon(() => expect(held?.destroyed).toBe(true))
  on.backend.behaviour = serve
  const latent = uniqueLatent()
  const next = await decode(on.gateway, PATH, latent)
  expect(Buffer.from(await next.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
})

test('B34: the slot of a backend that cannot abort drains until its decode can be over', async () => {
  on.backend.behaviour = hang
  const sentAt = performance.now()
  const socket = await send(rawDecode(on.gateway, `/sdxl?${pictureQuery(350)}`, uniqueLatent(350)))
  await on.backendHas(1)
  socket.resetAndDestroy()
  await soon(() => expect(on.backend.open.size).toBe(0))
  await slotsAreFree(on.gateway, 'stubborn')
  // 2800 x 2800 pixels are predicted to take 1.2 s.
  expect(performance.now() - sentAt).toBeGreaterThan(1_200)
})

/** 512 x 512 x 3 bytes: more than is received before the client gets its first. */
const LARGE = `/sd-v1?${pictureQuery(64)}`

test('C4: a client that leaves during the download closes the connection to the backend', async () => {
  const held = Promise.withResolvers<void>()
  on.backend.behaviour = cut('length', 'fin', held.promise)
  const socket = await send(rawDecode(on.gateway, LARGE, uniqueLatent(64)))
  await once(socket, 'data')
  const [upstream] = on.backend.open
  if (!upstream) throw new Error('No backend is answering.')
  socket.resetAndDestroy()
  await once(upstream, 'close')
  held.resolve()
})

test('C5: a body that trickles in holds no slot and keeps nobody waiting', async () => {
  const slow = await Promise.all(Array.from({ length: 50 }, () => beginUpload(PATH, uniqueLatent(), 1)))
  expect(await leasesOf('abortable')).toBe(0)
  expect((await decode(on.gateway, PATH, uniqueLatent())).status).toBe(200)
  for (const socket of slow) socket.resetAndDestroy()
})

test('C7: a client that does not read holds no slot, and the backend is told to wait', async () => {
  const latent = uniqueLatent(350)
  const socket = await send(rawDecode(on.gateway, `/sd-v1?${pictureQuery(350)}`, latent))
  await once(socket, 'readable')
  await soon(async () => expect(await leasesOf('abortable')).toBe(0))
  const stuck = [...on.backend.open].map(({ writableLength }) => writableLength)
  expect(Math.max(...stuck), 'bytes that the backend cannot get rid of').toBeGreaterThan(1_000_000)
  let received = 0
  for await (const chunk of socket) {
    received += chunk.length
    if (received > 2800 * 2800 * 3) break
  }
})
