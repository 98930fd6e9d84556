/** Headers and habits of clients that are odd and shall do no harm. */
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { pictureOf } from '../support/behaviours.ts'
import {
  converse,
  decode,
  last,
  pictureQuery,
  problemOf,
  rawConnection,
  rawDecode,
  uniqueLatent,
  withHead,
} from '../support/client.ts'
import { mintKey } from '../support/gateway.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({ BACKENDS: [{ id: 'gpu', url, models: ['sd-v1'], slots: 4 }] }))

const PATH = `/sd-v1?${pictureQuery()}`

test('C25: pipelined requests are answered in their order, each with its own picture', async () => {
  const latents = Array.from({ length: 20 }, () => uniqueLatent())
  const { statuses, text } = await converse(
    on.gateway,
    Buffer.concat(
      latents.map((latent, index) => {
        const bytes = rawDecode(on.gateway, PATH, latent)
        return index < latents.length - 1 ? bytes : last(bytes)
      }),
    ),
  )
  expect(statuses).toEqual(latents.map(() => 200))
  const places = latents.map((latent) => text.indexOf(pictureOf(latent).toString('latin1')))
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(places.every((place) => place > 0)).toBe(true)
})

test('C25: 100 requests of 5 keys at a time get 100 different pictures', async () => {
  const keys = await Promise.all(Array.from({ length: 5 }, () => mintKey()))
  const wrong = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const latent = uniqueLatent()
      const headers = { authorization: `Bearer ${keys[index % keys.length]}` }
      const response = await decode(on.gateway, PATH, latent, { headers })
      return Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent)) ? [] : response.status
    }),
  )
  expect(wrong.flat()).toEqual([])
})

test('C26: a client that waits for 100 Continue is told to continue, and served', async () => {
  const latent = uniqueLatent()
  const socket = await rawConnection(on.gateway)
  const bytes = withHead(rawDecode(on.gateway, PATH, latent), (head) => `${head}\r\nexpect: 100-continue`)
  socket.write(bytes.subarray(0, -latent.length))
  const [go] = (await once(socket, 'data')) as [Buffer]
  expect(go.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  socket.write(latent)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 200/)
  socket.destroy()
})

test('C26: a client that waits for 100 Continue with a request that is refused is refused before it sends', async () => {
  const socket = await rawConnection(on.gateway)
  const bytes = rawDecode(on.gateway, '/sd-v1?dtype=int3', new Uint8Array(), { declared: 512 })
  socket.write(withHead(bytes, (head) => `${head}\r\nexpect: 100-continue`))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 4\d\d/)
  socket.destroy()
})

test.each([
  ['C26: an expectation that nobody knows', { expect: '200-maybe' }],
  ['C27: Range', { range: 'bytes=0-9' }],
  ['C27: If-None-Match', { 'if-none-match': '*' }],
  ['C28: an idempotency key', { 'idempotency-key': '"8e03978e-40d5-43e8-bc93-6894a57f9324"' }],
  ['C28: an idempotency key that is none', { 'idempotency-key': `\u00e9${'x'.repeat(5_000)}` }],
  ['C29: a trace context', { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }],
  ['C29: a trace context that is none', { traceparent: '00-zz-1-%%', tracestate: '=,=,' }],
  ['C18: headers that nobody knows', { 'x-forwarded-host': 'evil.example', via: '9.9 x' }],
])('%s changes nothing about the answer', async (_, extra) => {
  const lines = Object.entries(extra).map(([name, value]) => `\r\n${name}: ${value}`)
  for (const latent of [uniqueLatent(), uniqueLatent()]) {
    const bytes = withHead(rawDecode(on.gateway, PATH, latent), (head) => head + lines.join(''))
    const { statuses, text } = await converse(on.gateway, last(bytes))
    expect(statuses).toEqual([200])
    expect(text).toContain(pictureOf(latent).toString('latin1'))
  }
  for (const { headers } of on.backend.requests) {
    expect(Object.keys(headers).filter((name) => name in extra)).toEqual([])
  }
})

test.each([
  ['a form', 'multipart/form-data; boundary=x'],
  ['an encoded form', 'application/x-www-form-urlencoded'],
])('C22: a latent in %s is refused, and what is expected is said', async (_, type) => {
  const response = await decode(on.gateway, PATH, uniqueLatent(), { headers: { 'content-type': type } })
  const problem = await problemOf(response)
  expect(problem).toMatchObject({ status: 415, code: 'unsupported-media-type' })
  expect(problem.detail).toContain('tensor/binary')
  expect(on.backend.requests).toHaveLength(0)
})

test('C22: a raw latent that is called JSON is refused, and what is expected is said', async () => {
  const headers = { 'content-type': 'application/json' }
  const problem = await problemOf(await decode(on.gateway, PATH, uniqueLatent(), { headers }))
  expect(problem).toMatchObject({ status: 422, code: 'invalid-body' })
  expect(problem.detail).toContain('base64')
  expect(on.backend.requests).toHaveLength(0)
})
