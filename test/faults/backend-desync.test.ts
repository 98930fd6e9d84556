/** Connections on which questions and answers lose each other. */
import { expect, test } from 'vitest'
import { head, mislabelled, pictureOf, serve, tensorHeaders } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import type { Behaviour } from '../support/fake-backend.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [
    { id: 'liar', url, models: ['sd-v1', 'sdxl'], slots: 4 },
    { id: 'honest', url: `${url}honest/`, models: ['sd-v1'] },
  ],
}))

const PATH = `/sd-v1?${pictureQuery()}`

/** The right answer, and after it one to a question that nobody asked. */
const stutter =
  (stale: Buffer): Behaviour =>
  (socket, request) => {
    serve(socket, request)
    socket.write(head({ headers: { ...tensorHeaders(request), 'content-length': stale.length } }))
    socket.write(stale)
  }

test('B29: a second answer on a connection is nobody’s picture', async () => {
  on.backend.behaviour = stutter(pictureOf(uniqueLatent()))
  for (let i = 0; i < 20; i++) {
    const latent = uniqueLatent()
    const response = await decode(on.gateway, PATH, latent)
    expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
  }
})

test('B29: every attempt has an id of its own, and the answer to another one is thrown away', async () => {
  on.backend.behaviour = (socket, request) => {
    const [before] = on.backend.requests
    const echo = before?.headers['x-attempt-id'] ?? ''
    mislabelled({ 'x-attempt-id': echo })(socket, request)
  }
  const first = uniqueLatent()
  const right = await decode(on.gateway, `/sdxl?${pictureQuery()}`, first)
  expect(Buffer.from(await right.arrayBuffer()).equals(pictureOf(first))).toBe(true)
  const wrong = await decode(on.gateway, `/sdxl?${pictureQuery()}`, uniqueLatent())
  expect(await problemOf(wrong)).toMatchObject({ status: 502, code: 'upstream-invalid-response' })
  const ids = on.backend.requests.map(({ headers }) => headers['x-attempt-id'])
  expect(new Set(ids).size).toBe(ids.length)
})

test('B27: a backend that answers before it has the whole latent is understood, and the next one is asked', async () => {
  const refused: Behaviour = (socket) => {
    socket.pause()
    socket.end('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  }
  on.backend.early = (socket, request) => {
    if (request.path === '/') refused(socket, request)
  }
  // More than the buffers on the way hold, so that it cannot have been sent.
  const latent = uniqueLatent(512)
  const response = await decode(on.gateway, `/sd-v1?${pictureQuery(512)}`, latent)
  expect(response.status).toBe(200)
  expect(response.headers.get('x-vae-backend')).toBe('honest')
  expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent, 4096))).toBe(true)
  expect(on.backend.requests.map(({ path }) => path)).toEqual(['/honest/'])

  const alone = await decode(on.gateway, `/sdxl?${pictureQuery(400)}`, uniqueLatent(400))
  expect(await problemOf(alone)).toMatchObject({ status: 422, code: 'decode-too-large' })
})
