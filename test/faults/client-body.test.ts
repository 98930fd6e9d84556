/** Bodies that are not what was announced. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { hang, pictureOf, serve } from '../support/behaviours.ts'
import {
  decode,
  pictureQuery,
  problemOf,
  rawConnection,
  rawDecode,
  readAll,
  uniqueLatent,
  withHead,
} from '../support/client.ts'
import { soon, stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [{ id: 'gpu', url, models: ['sd-v1'] }],
  DISPATCH: { bodyBudgetBytes: 1_048_576 },
}))

const PATH = `/sd-v1?${pictureQuery()}`

test('C8: a body shorter than it was declared reaches no backend', async () => {
  const socket = await rawConnection(on.gateway)
  const latent = uniqueLatent()
  socket.end(rawDecode(on.gateway, PATH, latent.subarray(0, 100), { declared: latent.length }))
  const answer = (await readAll(socket)).toString()
  expect(answer).toMatch(/^(HTTP\/1\.1 400|$)/)
  expect(on.backend.requests).toHaveLength(0)
})

test('C8: what comes after the declared length is no part of the latent', async () => {
  const latent = uniqueLatent()
  const socket = await rawConnection(on.gateway)
  socket.write(Buffer.concat([rawDecode(on.gateway, PATH, latent), Buffer.from('more bytes\r\n\r\n')]))
  const answers = (await readAll(socket)).toString('latin1')
  expect(answers).toMatch(/^HTTP\/1\.1 200/)
  expect(answers).toContain('HTTP/1.1 400')
  expect(on.backend.requests.map(({ body }) => body.equals(latent))).toEqual([true])
})

test('C11: a chunked upload is decoded, and refused as soon as it is too long', async () => {
  const inChunks = (latent: Uint8Array<ArrayBuffer>): RequestInit =>
    ({ body: new Blob([latent]).stream(), duplex: 'half' }) as RequestInit
  const latent = uniqueLatent()
  const good = await decode(on.gateway, PATH, '', inChunks(latent))
  expect(Buffer.from(await good.arrayBuffer()).equals(pictureOf(latent))).toBe(true)

  const tooLong = await decode(on.gateway, PATH, '', inChunks(uniqueLatent(9)))
  expect(await problemOf(tooLong)).toMatchObject({ code: 'payload-too-large', status: 413 })
  const tooShort = await decode(on.gateway, PATH, '', inChunks(uniqueLatent(7)))
  expect(await problemOf(tooShort)).toMatchObject({ code: 'length-shape-mismatch' })
})

test('C11: an upload without end is answered before it ends', async () => {
  const socket = await rawConnection(on.gateway)
  const bytes = withHead(rawDecode(on.gateway, PATH, new Uint8Array()), (head) =>
    head.replace('content-length: 0', 'transfer-encoding: chunked'),
  )
  socket.write(bytes)
  const more = setInterval(() => socket.write(`100\r\n${'a'.repeat(256)}\r\n`), 1)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  clearInterval(more)
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413/)
  socket.destroy()
})

test('C12: a declared body that no latent of the model needs is refused before it is sent', async () => {
  const socket = await rawConnection(on.gateway)
  socket.write(rawDecode(on.gateway, PATH, new Uint8Array(), { declared: 50_000_000 }))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413/)
  socket.destroy()
})

test('C13: an empty body is refused with the length it should have', async () => {
  const response = await decode(on.gateway, PATH, '')
  expect(await problemOf(response)).toMatchObject({
    code: 'empty-body',
    detail: expect.stringContaining('512'),
  })
})

test('C14: a body that is not as long as its shape says is refused with both numbers', async () => {
  const problem = await problemOf(await decode(on.gateway, PATH, uniqueLatent(7)))
  expect(problem.code).toBe('length-shape-mismatch')
  expect(problem.detail).toContain('512')
  expect(problem.detail).toContain('392')
})

/** A thousand times as large when it is unpacked. */
const bomb = gzipSync(new Uint8Array(10_000_000))

test.each(['gzip', 'br', 'zstd', 'identity, gzip'])(
  'C21: a body in %s is refused and not unpacked',
  async (coding) => {
    const response = await decode(on.gateway, PATH, bomb, { headers: { 'content-encoding': coding } })
    expect(response.headers.get('accept-encoding')).toBe('identity')
    expect(await problemOf(response)).toMatchObject({ status: 415, code: 'unsupported-media-type' })
  },
)

/** A latent that waits for its backend takes most of what the isolate may hold. */
async function heldLatent(): Promise<Socket> {
  on.backend.behaviour = hang
  const socket = await rawConnection(on.gateway)
  socket.write(rawDecode(on.gateway, `/sd-v1?${pictureQuery(300)}`, uniqueLatent(300)))
  await on.backendHas(1)
  on.backend.behaviour = serve
  return socket
}

test('P11: more uploads than the isolate may hold are refused at once, and can be tried again', async () => {
  const held = await heldLatent()
  const response = await decode(on.gateway, `/sd-v1?${pictureQuery(300)}`, uniqueLatent(300))
  expect(response.headers.get('retry-after')).toBe('1')
  expect(await problemOf(response)).toMatchObject({ code: 'isolate-busy', status: 503 })
  held.resetAndDestroy()
  await soon(async () => {
    const again = await decode(on.gateway, `/sd-v1?${pictureQuery(300)}`, uniqueLatent(300))
    await again.arrayBuffer()
    expect(again.status).toBe(200)
  })
})

test('P11: an upload that no isolate could ever hold is not told to try again', async () => {
  const response = await decode(on.gateway, `/sd-v1?${pictureQuery(400)}`, uniqueLatent(400))
  expect(response.headers.get('retry-after')).toBeNull()
  expect(await problemOf(response)).toMatchObject({ code: 'payload-too-large', status: 413 })
})
