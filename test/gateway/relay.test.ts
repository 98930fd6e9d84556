/** Answers larger than what is held: every byte in its place, and an end to backends that only pretend to send. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { drip, resetAfter, serve, serveUnique, uniqueBytes } from '../support/behaviours.ts'
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

/** 2048 x 2048 x 3 bytes: 12 MB, three times what may be received before the commit. */
const SIDE = 256
/** 20 MB. */
const LARGE_SIDE = 320
const bytesOf = (side: number): number => (8 * side) ** 2 * 3
const pathOf = (side: number): string => `/sd-v1?${pictureQuery(side)}`

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

test.each([
  ['with a length', SIDE, true],
  ['whose length follows from the request', SIDE, false],
  ['many pieces of it', LARGE_SIDE, true],
  ['many pieces whose number follows from the request', LARGE_SIDE, false],
])('a large answer arrives byte for byte: %s', async (_, side, withLength) => {
  backend.behaviour = serveUnique(withLength)
  const expected = uniqueBytes(bytesOf(side))
  const response = await decode(gateway, pathOf(side), uniqueLatent(side))
  expect(response.headers.get('content-length')).toBe(String(expected.length))
  expect(Buffer.from(await response.arrayBuffer()).equals(expected)).toBe(true)
  await slotsAreFree(gateway, 'gpu')
})

test.each([
  ['falls silent', 0],
  ['drips', 10],
])('B6: a backend that %s after the commit is broken off, for the client too', async (_, bytesPerTick) => {
  backend.behaviour = drip(300_000, bytesPerTick)
  gateway.log.length = 0
  const socket = await rawConnection(gateway)
  socket.write(rawDecode(gateway, pathOf(SIDE), uniqueLatent(SIDE)))
  const startedAt = Date.now()
  const answer = await readAll(socket)
  expect(Date.now() - startedAt).toBeLessThan(20_000)
  expect(answer.subarray(0, 15).toString()).toBe('HTTP/1.1 200 OK')
  expect(answer.length).toBeLessThan(bytesOf(SIDE))
  await vi.waitFor(() => expect(backend.open.size).toBe(0))
  await vi.waitFor(() => expect(gateway.log.some((line) => line.includes('"end":"broke-off"'))).toBe(true))
  await slotsAreFree(gateway, 'gpu')
})

test('B25: a backend that resets shortly before the end breaks off the client too', async () => {
  const bytes = bytesOf(LARGE_SIDE)
  backend.behaviour = resetAfter(bytes - 500_000)
  const socket = await rawConnection(gateway)
  socket.write(rawDecode(gateway, pathOf(LARGE_SIDE), uniqueLatent(LARGE_SIDE)))
  const answer = await readAll(socket)
  expect(answer.length).toBeGreaterThan(17_000_000)
  expect(answer.length).toBeLessThan(bytes)
  await slotsAreFree(gateway, 'gpu')
})

test('C30: a deadline is honoured, told to the backend as what is left, and refused when it is no number', async () => {
  backend.requests.length = 0
  backend.behaviour = () => undefined
  const startedAt = Date.now()
  const late = await decode(gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent(), {
    headers: { 'x-vae-deadline-ms': '1500' },
  })
  expect((await problemOf(late)).code).toBe('deadline-exceeded')
  expect(Date.now() - startedAt).toBeLessThan(4_000)
  const told = Number(backend.requests[0]?.headers['x-vae-deadline-ms'])
  expect(told).toBeGreaterThan(1_000)
  expect(told).toBeLessThanOrEqual(1_500)

  const bad = await decode(gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent(), {
    headers: { 'x-vae-deadline-ms': 'soon' },
  })
  expect(await problemOf(bad)).toMatchObject({
    status: 400,
    code: 'invalid-header',
    detail: expect.stringContaining('whole number'),
  })
})
