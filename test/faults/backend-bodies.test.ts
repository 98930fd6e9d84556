/** Bodies that end early, come too slowly or are not pictures, noticed before the client has a byte. */
import { encode as encodePng } from 'fast-png'
import { expect, test } from 'vitest'
import { cut, head, mislabelled, pictureOf, sideOf, tensorHeaders } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import type { Behaviour } from '../support/fake-backend.ts'
import { faultMatrix } from '../support/fault-matrix.ts'
import { stage } from '../support/stage.ts'

const unreachable = { status: 502, code: 'upstream-unreachable', retryAfter: true }

/** The right head, then the right bytes one at a time. */
const drip: Behaviour = (socket, request) => {
  const picture = pictureOf(request.body, sideOf(request))
  socket.write(head({ headers: { ...tensorHeaders(request), 'content-length': picture.length } }))
  let sent = 0
  const timer = setInterval(() => socket.write(picture.subarray(sent, ++sent)), 5)
  socket.on('close', () => clearInterval(timer))
}

faultMatrix([
  {
    id: 'B6',
    fault: 'sends its picture drop by drop',
    behaviour: drip,
    alone: { status: 504, code: 'deadline-exceeded', retryAfter: true },
  },
  { id: 'B7', fault: 'cuts a body with a length (FIN)', behaviour: cut('length', 'fin'), alone: unreachable },
  {
    id: 'B7',
    fault: 'cuts a body with a length (RST)',
    behaviour: cut('length', 'reset'),
    alone: unreachable,
  },
  {
    id: 'B7',
    fault: 'declares less than the picture',
    behaviour: mislabelled({}, -1),
    alone: { status: 502, code: 'upstream-invalid-response' },
  },
  { id: 'B8', fault: 'cuts a chunked body (FIN)', behaviour: cut('chunked', 'fin'), alone: unreachable },
  { id: 'B8', fault: 'cuts a chunked body (RST)', behaviour: cut('chunked', 'reset'), alone: unreachable },
  {
    id: 'B8',
    fault: 'cuts a body that ends with the connection',
    behaviour: cut('close', 'fin'),
    alone: unreachable,
  },
])

const on = stage((url) => ({
  BACKENDS: [
    { id: 'painter', url: `${url}painter/`, models: ['sd-v1'], slots: 4 },
    { id: 'dauber', url: `${url}dauber/`, models: ['sd-v1', 'sdxl'], slots: 4 },
  ],
}))

const QUERY = pictureQuery().replace('output_type=pt', 'output_type=pil').replace('jpg', 'png')
const accept = { headers: { accept: 'image/png' } }
const png = Buffer.from(
  encodePng({ width: 64, height: 64, channels: 3, data: new Uint8Array(64 * 64 * 3).fill(7) }),
)
const small = Buffer.from(
  encodePng({ width: 32, height: 64, channels: 3, data: new Uint8Array(32 * 64 * 3) }),
)

const file =
  (bytes: Uint8Array): Behaviour =>
  (socket) => {
    socket.write(head({ headers: { 'content-type': 'image/png', 'content-length': bytes.length } }))
    socket.write(bytes)
  }

test.each([
  ['B24: a backend that answers garbage', Buffer.alloc(5_000, 'garbage'), 'upstream-invalid-response'],
  ['B24: a backend that answers a picture of zeros', Buffer.alloc(5_000), 'upstream-invalid-response'],
  [
    'B10: a backend that answers a page as a picture',
    Buffer.from('<!doctype html>'),
    'upstream-invalid-response',
  ],
  ['B29: a backend that answers a picture of another size', small, 'upstream-invalid-response'],
  ['B8: a backend that answers most of a picture', png.subarray(0, -5), 'upstream-unreachable'],
])('%s is passed over, and alone it is found out', async (_, bytes, code) => {
  on.backend.behaviour = (socket, request) =>
    file(request.path.startsWith('/painter') ? png : bytes)(socket, request)
  for (let i = 0; i < 4; i++) {
    const response = await decode(on.gateway, `/sd-v1?${QUERY}`, uniqueLatent(), accept)
    expect(Buffer.from(await response.arrayBuffer()).equals(png)).toBe(true)
  }
  const alone = await decode(on.gateway, `/sdxl?${QUERY}`, uniqueLatent(), accept)
  expect((await problemOf(alone)).code).toBe(code)
})
