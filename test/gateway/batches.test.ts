/** Batches: taken apart over idle backends, and put together as if one had decoded them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  batchQuery,
  countOf,
  dieAfter,
  latents,
  picturesOf,
  serveBatch,
  serveFloats,
} from '../support/batches.ts'
import { hang } from '../support/behaviours.ts'
import { decode, problemOf, rawConnection, rawDecode, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { SOON, slotsAreFree, startTestGateway, type TestGateway } from '../support/gateway.ts'

/** Pictures of 512 pixels, of which eight are more than is held at once. */
const SIDE = 64

let backends: FakeBackend[]
let gateway: TestGateway

beforeAll(async () => {
  backends = await Promise.all([1, 2, 3, 4].map(() => startFakeBackend(serveBatch())))
  gateway = await startTestGateway({
    BACKENDS: backends.map(({ url }, i) => ({ id: `gpu-${i + 1}`, url, models: ['sd-v1', 'flux'] })),
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all(backends.map((backend) => backend.stop()))
})
beforeEach(async () => {
  await slotsAreFree(gateway, 'gpu-1')
  for (const backend of backends) {
    backend.behaviour = serveBatch()
    backend.requests.length = 0
  }
})

const asked = (): number[] => backends.flatMap(({ requests }) => requests.map(countOf))
const send = (count: number, side: number, body: Uint8Array, init: RequestInit = {}): Promise<Response> =>
  decode(gateway, `/sd-v1?${batchQuery(count, side)}`, body as Uint8Array<ArrayBuffer>, init)
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

describe('a batch of eight on four idle backends', () => {
  test('is answered with the bytes that one backend would give, in under 40 % of its time', async () => {
    const alone = await startTestGateway({
      BACKENDS: [{ id: 'gpu-1', url: (backends[0] as FakeBackend).url, models: ['sd-v1'] }],
    })
    for (const backend of backends) backend.behaviour = serveBatch(500)
    const body = latents(8, SIDE, uniqueLatent)
    const timed = async (where: TestGateway): Promise<{ bytes: Buffer; ms: number; response: Response }> => {
      const startedAt = performance.now()
      const response = await decode(
        where,
        `/sd-v1?${batchQuery(8, SIDE)}`,
        body as unknown as Uint8Array<ArrayBuffer>,
      )
      const bytes = await bytesOf(response)
      return { bytes, ms: performance.now() - startedAt, response }
    }
    try {
      const one = await timed(alone)
      backends.forEach(({ requests }) => {
        requests.length = 0
      })
      const four = await timed(gateway)
      expect(asked()).toEqual([2, 2, 2, 2])
      expect(four.bytes.equals(one.bytes)).toBe(true)
      expect(four.bytes.equals(picturesOf(body, 8, SIDE * 8))).toBe(true)
      for (const name of ['shape', 'dtype', 'content-type', 'content-length']) {
        expect(four.response.headers.get(name)).toBe(one.response.headers.get(name))
      }
      expect(four.response.headers.get('x-vae-attempts')).toBe('4')
      expect(four.response.headers.get('x-vae-backend')?.split(', ').toSorted()).toEqual([
        'gpu-1',
        'gpu-2',
        'gpu-3',
        'gpu-4',
      ])
      console.log(`batch of 8: ${Math.round(one.ms)} ms on one backend, ${Math.round(four.ms)} ms on four`)
      expect(four.ms / one.ms).toBeLessThan(0.4)
    } finally {
      await alone.stop()
    }
  }, 30_000)

  test('is decoded again where a backend dies in the middle of its part, but for the other parts', async () => {
    const dying = backends[2] as FakeBackend
    dying.behaviour = (socket, request) => {
      dieAfter(100_000)(socket, request)
      dying.behaviour = serveBatch()
    }
    const body = latents(8, SIDE, uniqueLatent)
    const response = await send(8, SIDE, body)
    expect(response.headers.get('x-vae-attempts')).toBe('5')
    expect((await bytesOf(response)).equals(picturesOf(body, 8, SIDE * 8))).toBe(true)
    expect(asked()).toEqual([2, 2, 2, 2, 2])
  })

  test('leaves no slot behind when its client resets', async () => {
    for (const backend of backends) backend.behaviour = hang
    const socket = await rawConnection(gateway)
    socket.write(
      rawDecode(gateway, `/sd-v1?${batchQuery(8, SIDE)}`, latents(8, SIDE, uniqueLatent)),
    )
    await vi.waitFor(() => expect(asked()).toHaveLength(4), SOON)
    socket.resetAndDestroy()
    await vi.waitFor(() => expect(backends.map(({ open }) => open.size)).toEqual([0, 0, 0, 0]), SOON)
    await slotsAreFree(gateway, 'gpu-1')
  })
})
