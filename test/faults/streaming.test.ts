/** Answers too large to be received whole: streamed, and visibly broken when the backend breaks. */
import { expect, test } from 'vitest'
import { cut, endless, pictureOf } from '../support/behaviours.ts'
import { decode, pictureQuery, rawConnection, rawDecode, readAll, uniqueLatent } from '../support/client.ts'
import { isOfClient } from '../support/fake-backend.ts'
import { soon, stage } from '../support/stage.ts'

/** 512 x 512 x 3 bytes: 768 KB, of which the gateway sees 64 KB before it commits. */
const SIDE = 64
const BYTES = 512 * 512 * 3
const PATH = `/sd-v1?${pictureQuery(SIDE)}`

const on = stage((url) => ({
  BACKENDS: [
    { id: 'first', url, models: ['sd-v1'], slots: 2 },
    { id: 'second', url: `${url}second/`, models: ['sd-v1'] },
  ],
  DISPATCH: { commitBytes: 0 },
}))

test('streams an answer byte for byte, with its length', async () => {
  const latent = uniqueLatent(SIDE)
  const response = await decode(on.gateway, PATH, latent)
  expect(response.headers.get('content-length')).toBe(String(BYTES))
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
    on.backend.behaviour = cut(framing, how)
    const socket = await rawConnection(on.gateway)
    socket.write(rawDecode(on.gateway, PATH, uniqueLatent(SIDE)))
    const answer = await readAll(socket)
    const headEnd = answer.indexOf('\r\n\r\n') + 4
    const head = answer.subarray(0, headEnd).toString()
    expect(head).toMatch(/^HTTP\/1\.1 200/)
    expect(head.toLowerCase()).toContain(`content-length: ${BYTES}`)
    expect(answer.length - headEnd).toBeLessThan(BYTES)
    expect(on.backend.requests.filter(isOfClient)).toHaveLength(1)
    await soon(() => expect(on.gateway.log.join()).toContain('"end":"broke-off"'))
  },
)

test('B9: a body longer than the picture never reaches the client as more than the picture', async () => {
  on.backend.behaviour = endless
  const socket = await rawConnection(on.gateway)
  socket.write(rawDecode(on.gateway, PATH, uniqueLatent(SIDE)))
  let received = Buffer.alloc(0)
  const bodyLength = (): number => received.length - received.indexOf('\r\n\r\n') - 4
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk])
    if (bodyLength() >= BYTES) break
  }
  expect(bodyLength()).toBe(BYTES)
})
