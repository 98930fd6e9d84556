/** Clients that leave, lie about lengths, or send what cannot be decoded. */
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { hang, pictureOf, serve, serveAfter } from '../support/behaviours.ts'
import {
  decode,
  pictureQuery,
  problemOf,
  rawConnection,
  rawDecode,
  readAll,
  uniqueLatent,
} from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { slotsAreFree, startTestGateway, type TestGateway } from '../support/gateway.ts'

const PATH = `/sd-v1?${pictureQuery()}`

let backend: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  backend = await startFakeBackend(serve)
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'abortable', url: backend.url, models: ['sd-v1'] },
      { id: 'stubborn', url: `${backend.url}hf`, kind: 'huggingface', models: ['sdxl'] },
    ],
    DISPATCH: { bodyBudgetBytes: 1_048_576 },
  })
})

beforeEach(() => {
  backend.behaviour = serve
  backend.requests.length = 0
})
afterEach(() => slotsAreFree(gateway, 'abortable'))
afterAll(async () => {
  await gateway.stop()
  await backend.stop()
})

/** Waits until the backend has got so many requests. */
const backendHas = (count: number): Promise<void> =>
  vi.waitFor(() => expect(backend.requests).toHaveLength(count))

test('C1: a client that leaves during the upload reaches no backend and leaves no bytes behind', async () => {
  // More than the whole budget in all, so that bytes that stay behind would be missed.
  for (let i = 0; i < 6; i++) {
    const socket = await rawConnection(gateway)
    const latent = uniqueLatent(160)
    const part = rawDecode(gateway, `/sd-v1?${pictureQuery(160)}`, latent.subarray(0, 50_000), latent.length)
    await new Promise((resolve) => socket.write(part, resolve))
    socket.resetAndDestroy()
  }
  const latent = uniqueLatent(300)
  await vi.waitFor(async () => {
    const response = await decode(gateway, `/sd-v1?${pictureQuery(300)}`, latent)
    await response.body?.cancel()
    expect(response.status).toBe(200)
  })
  expect(backend.requests.every(({ body }) => body.length === latent.length)).toBe(true)
})

test('C2: a client that leaves the queue loses its place and wakes no backend', async () => {
  let open = (): void => {}
  backend.behaviour = serveAfter(
    new Promise((resolve) => {
      open = resolve
    }),
  )
  const running = decode(gateway, PATH, uniqueLatent())
  await backendHas(1)
  const socket = await rawConnection(gateway)
  socket.write(rawDecode(gateway, PATH, uniqueLatent()))
  await vi.waitFor(async () => expect((await gateway.poolStatus('abortable')).queued).toBe(1))
  socket.resetAndDestroy()
  await vi.waitFor(async () => expect((await gateway.poolStatus('abortable')).queued).toBe(0))
  open()
  expect((await running).status).toBe(200)
  expect(backend.requests).toHaveLength(1)
})

test('C3: a client that resets while its latent is decoded frees the slot and the connection at once', async () => {
  backend.behaviour = hang
  const socket = await rawConnection(gateway)
  socket.write(rawDecode(gateway, PATH, uniqueLatent()))
  await backendHas(1)
  expect((await gateway.poolStatus('abortable')).backends[0]?.leases).toBe(1)
  socket.resetAndDestroy()
  await slotsAreFree(gateway, 'abortable')
  await vi.waitFor(() => expect(backend.open.size).toBe(0))
  backend.behaviour = serve
  const latent = uniqueLatent()
  const next = await decode(gateway, PATH, latent)
  expect(Buffer.from(await next.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
})

test('B34: the slot of a backend that cannot abort drains until its decode can be over', async () => {
  backend.behaviour = hang
  const socket = await rawConnection(gateway)
  socket.write(rawDecode(gateway, `/sdxl?${pictureQuery(160)}`, uniqueLatent(160)))
  await backendHas(1)
  socket.resetAndDestroy()
  await vi.waitFor(() => expect(backend.open.size).toBe(0))
  const { backends } = await gateway.poolStatus('stubborn')
  expect(backends.find(({ id }) => id === 'stubborn')?.leases).toBe(1)
  await slotsAreFree(gateway, 'stubborn')
})

test('C8: a body shorter than it was declared reaches no backend', async () => {
  const socket = await rawConnection(gateway)
  const latent = uniqueLatent()
  socket.end(rawDecode(gateway, PATH, latent.subarray(0, 100), latent.length))
  const answer = (await readAll(socket)).toString()
  expect(answer).toMatch(/^(HTTP\/1\.1 400|$)/)
  expect(backend.requests).toHaveLength(0)
})

test.each([['-1'], ['+512'], ['0x200'], ['512, 513'], ['five']])(
  'C9: a Content-Length of %s is refused',
  async (length) => {
    const socket = await rawConnection(gateway)
    const request = rawDecode(gateway, PATH, uniqueLatent()).toString('latin1')
    socket.write(request.replace(/content-length: \d+/, `content-length: ${length}`), 'latin1')
    expect((await readAll(socket)).toString()).toMatch(/^HTTP\/1\.1 (400|422|413)/)
    expect(backend.requests).toHaveLength(0)
  },
)

test('C11: a chunked upload is decoded, and refused as soon as it is too long', async () => {
  const chunked = (latent: Uint8Array<ArrayBuffer>): RequestInit =>
    ({ body: new Blob([latent]).stream(), duplex: 'half' }) as RequestInit
  const latent = uniqueLatent()
  const good = await decode(gateway, PATH, '', chunked(latent))
  expect(Buffer.from(await good.arrayBuffer()).equals(pictureOf(latent))).toBe(true)

  const tooLong = await decode(gateway, PATH, '', chunked(uniqueLatent(9)))
  expect(await problemOf(tooLong)).toMatchObject({ code: 'payload-too-large', status: 413 })
  const tooShort = await decode(gateway, PATH, '', chunked(uniqueLatent(7)))
  expect(await problemOf(tooShort)).toMatchObject({ code: 'length-shape-mismatch' })
})

test('C12: a declared body that no latent of the model needs is refused before it is sent', async () => {
  const socket = await rawConnection(gateway)
  socket.write(rawDecode(gateway, PATH, new Uint8Array(), 50_000_000))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413/)
  socket.destroy()
})

test('C13: an empty body is refused with the length it should have', async () => {
  const response = await decode(gateway, PATH, '')
  expect(await problemOf(response)).toMatchObject({
    code: 'empty-body',
    detail: expect.stringContaining('512'),
  })
})

test('C14: a body that is not as long as its shape says is refused with both numbers', async () => {
  const problem = await problemOf(await decode(gateway, PATH, uniqueLatent(7)))
  expect(problem.code).toBe('length-shape-mismatch')
  expect(problem.detail).toContain('512')
  expect(problem.detail).toContain('392')
})

test('C21: a compressed body is refused', async () => {
  const response = await decode(gateway, PATH, gzipSync(uniqueLatent()), {
    headers: { 'content-encoding': 'gzip' },
  })
  expect(response.headers.get('accept-encoding')).toBe('identity')
  expect((await problemOf(response)).code).toBe('unsupported-media-type')
})

test('P11: more uploads than the isolate may hold are refused at once, and can be tried again', async () => {
  const response = await decode(gateway, `/sd-v1?${pictureQuery(400)}`, uniqueLatent(400))
  expect(response.headers.get('retry-after')).toBe('1')
  expect(await problemOf(response)).toMatchObject({ code: 'isolate-busy', status: 503 })
})
