/** Heads of answers that are broken, endless, or meant to get into ours. */
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { answer, head, pictureOf, serve, sideOf, tensorHeaders } from '../support/behaviours.ts'
import { decode, pictureQuery, uniqueLatent } from '../support/client.ts'
import type { Behaviour } from '../support/fake-backend.ts'
import { faultMatrix } from '../support/fault-matrix.ts'
import { stage } from '../support/stage.ts'

const unreachable = { status: 502, code: 'upstream-unreachable', retryAfter: true }
const misconfigured = { status: 502, code: 'upstream-misconfigured' }
const late = { status: 504, code: 'deadline-exceeded', retryAfter: true }

/** The right answer with more lines in its head. */
const withLines =
  (lines: string): Behaviour =>
  (socket, request) => {
    const picture = pictureOf(request.body, sideOf(request))
    const headers = { ...tensorHeaders(request), 'content-length': picture.length }
    socket.write(head({ headers }).replace(/\r\n$/, `${lines}\r\n\r\n`), 'latin1')
    socket.write(picture)
  }

/** The same bytes again and again, as long as somebody listens. */
const over =
  (text: string): Behaviour =>
  (socket) => {
    const timer = setInterval(() => socket.write(text), 2)
    socket.on('close', () => clearInterval(timer))
  }

const METADATA = 'http://169.254.169.254/latest/meta-data/'
/** A compressed answer of a hundred megabytes. */
const bomb = gzipSync(new Uint8Array(100_000_000))
const bombed: Behaviour = (socket, request) => {
  const headers = {
    ...tensorHeaders(request),
    'content-encoding': 'gzip',
    'content-length': bomb.length,
  }
  socket.write(head({ headers }))
  socket.write(bomb)
}

faultMatrix([
  {
    id: 'B20',
    fault: 'redirects to itself',
    behaviour: answer('307 Loop', '', { location: '/' }),
    alone: misconfigured,
  },
  {
    id: 'B20',
    fault: 'redirects to where secrets are',
    behaviour: answer('302 Found', '', { location: METADATA }),
    alone: misconfigured,
  },
  {
    id: 'B21',
    fault: 'sends a header of a megabyte',
    behaviour: withLines(`x-bomb: ${'a'.repeat(1_000_000)}`),
    alone: unreachable,
  },
  {
    id: 'B21',
    fault: 'sends 10,000 headers',
    behaviour: withLines(Array.from({ length: 10_000 }, (_, i) => `x-${i}: ${'a'.repeat(100)}`).join('\r\n')),
    alone: unreachable,
  },
  { id: 'B21', fault: 'sends a head that is none', behaviour: withLines('x bomb: a'), alone: unreachable },
  {
    id: 'B22',
    fault: 'hides a header behind a bare CR',
    behaviour: withLines('x-weights: a\rset-cookie: a=b'),
    alone: unreachable,
  },
  {
    id: 'B22',
    fault: 'hides a header in a fold',
    behaviour: withLines('x-weights: a\r\n set-cookie: a=b'),
    alone: unreachable,
  },
  {
    id: 'B23',
    fault: 'sends a gzip bomb',
    behaviour: bombed,
    alone: { status: 502, code: 'upstream-invalid-response' },
  },
])

faultMatrix([
  {
    id: 'B28',
    fault: 'sends hints for ever',
    behaviour: over('HTTP/1.1 103 Early Hints\r\n\r\n'),
    alone: late,
  },
  { id: 'B28', fault: 'says go on for ever', behaviour: over('HTTP/1.1 100 Continue\r\n\r\n'), alone: late },
  { id: 'B6', fault: 'sends its head byte by byte', behaviour: over('H'), alone: late },
])

const on = stage((url) => ({
  BACKENDS: [
    { id: 'gpu', url, models: ['sd-v1'] },
    { id: 'mover', url: `${url}mover/`, models: ['sdxl'] },
  ],
}))

test('B20: a redirect is not followed, neither to the backend nor to anywhere else', async () => {
  on.backend.behaviour = answer('308 Over There', '', { location: '/elsewhere' })
  await decode(on.gateway, `/sdxl?${pictureQuery()}`, uniqueLatent())
  expect(on.backend.requests.map(({ path }) => path)).toEqual(['/mover/'])
})

test.each([
  ['B21: of 500 headers', Array.from({ length: 500 }, (_, i) => `x-${i}: a`).join('\r\n')],
  ['B22: of cookies and policies', 'set-cookie: a=b\r\naccess-control-allow-origin: null\r\nrefresh: 0'],
  ['B22: of a header behind a bare LF', 'x-compute-ms: 1\nset-cookie: a=b'],
])('%s a client sees those on the list only', async (_, lines) => {
  on.backend.behaviour = withLines(lines)
  const response = await decode(on.gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent())
  expect(response.status).toBe(200)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  const names = [...response.headers.keys()]
  expect(names.filter((name) => /^(set-cookie|refresh|x-\d+)$/.test(name))).toEqual([])
})

test('B28: hints before the answer are passed over', async () => {
  on.backend.behaviour = (socket, request) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(1_000))
    serve(socket, request)
  }
  const latent = uniqueLatent()
  const response = await decode(on.gateway, `/sd-v1?${pictureQuery()}`, latent)
  expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
})

test('B23: a backend is asked for an answer that is not compressed', async () => {
  await decode(on.gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent())
  expect(on.backend.requests[0]?.headers['accept-encoding']).toBe('identity')
})
