/** Answers too large to be received whole: streamed, and visibly broken when the backend breaks. */
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { cut, endless, pictureOf, serve } from '../support/behaviours.ts'
import { decode, pictureQuery, rawConnection, rawDecode, readAll, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { slotsAreFree, startTestGateway, type TestGateway } from '../support/gateway.ts'

/** 512 x 512 x 3 bytes: 768 KB, of which the gateway sees 64 KB before it commits. */
const SIDE = 64
const PATH = `/sd-v1?${pictureQuery(SIDE)}`

let first: FakeBackend
let second: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  first = await startFakeBackend(serve)
  second = await startFakeBackend(serve)
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'first', url: first.url, models: ['sd-v1'], slots: 2 },
      { id: 'second', url: second.url, models: ['sd-v1'] },
    ],
    DISPATCH: { commitBytes: 0 },
  })
})

beforeEach(() => {
  gateway.log.length = 0
})
afterEach(() => slotsAreFree(gateway, 'first'))
afterAll(async () => {
  await gateway.stop()
  await Promise.all([first.stop(), second.stop()])
})

test('streams an answer byte for byte, with its length', async () => {
  const latent = uniqueLatent(SIDE)
  const response = await decode(gateway, PATH, latent)
  expect(response.headers.get('content-length')).toBe(String(512 * 512 * 3))
  expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent, 512))).toBe(true)
})

test.each([
  ['B7', 'length', 'fin'],
  ['B8', 'chunked', 'fin'],
  ['B8', 'close', 'fin'],
  ['B25', 'length', 'reset'],
  ['B25', 'chunked', 'reset'],
] as const)(
  '%s: a body that breaks off after the commit (%s, %s) breaks off for the client too',
  async (_row, framing, how) => {
    first.behaviour = second.behaviour = cut(framing, how)
    const before = first.requests.length + second.requests.length
    const socket = await rawConnection(gateway)
    socket.write(rawDecode(gateway, PATH, uniqueLatent(SIDE)))
    const answer = await readAll(socket)
    const headEnd = answer.indexOf('\r\n\r\n') + 4
    const head = answer.subarray(0, headEnd).toString()
    expect(head).toMatch(/^HTTP\/1\.1 200/)
    expect(head.toLowerCase()).toContain(`content-length: ${512 * 512 * 3}`)
    expect(answer.length - headEnd).toBeLessThan(512 * 512 * 3)
    expect(first.requests.length + second.requests.length).toBe(before + 1)
    await vi.waitFor(() => expect(gateway.log.some((line) => line.includes('"end":"broke-off"'))).toBe(true))
  },
)

test('B9: a body longer than the picture never reaches the client as more than the picture', async () => {
  first.behaviour = second.behaviour = endless
  const socket = await rawConnection(gateway)
  socket.write(rawDecode(gateway, PATH, uniqueLatent(SIDE)))
  const length = 512 * 512 * 3
  let received = Buffer.alloc(0)
  const bodyLength = (): number => received.length - received.indexOf('\r\n\r\n') - 4
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk])
    if (bodyLength() >= length) break
  }
  expect(bodyLength()).toBe(length)
})

test('C4: a client that leaves during the download closes the connection to the backend', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  first.behaviour = second.behaviour = cut('length', 'fin', held)
  const socket = await rawConnection(gateway)
  socket.write(rawDecode(gateway, PATH, uniqueLatent(SIDE)))
  await once(socket, 'data')
  const upstream = [...first.open, ...second.open].find((open) => open.bytesWritten > 300_000)
  if (!upstream) throw new Error('No backend is answering.')
  socket.resetAndDestroy()
  await once(upstream, 'close')
  release()
})
