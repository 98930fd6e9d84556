/** Backends that frame their answers so that two readers could see two different answers in the same bytes. */
import { expect, test } from 'vitest'
import { head, pictureOf, serve, tensorHeaders } from '../support/behaviours.ts'
import { decode, pictureQuery, uniqueLatent } from '../support/client.ts'
import { soon, stage } from '../support/stage.ts'

/** Headers and body of an answer with this picture, and with one that was another client's. */
const FRAMINGS: [string, (picture: Buffer, stale: Buffer) => [head: string[], body: Buffer[]]][] = [
  [
    'a length and chunks',
    (p, s) => [
      [`content-length: ${p.length}`, 'transfer-encoding: chunked'],
      [p, s],
    ],
  ],
  [
    'two lengths',
    (p, s) => [
      [`content-length: ${p.length}`, `content-length: ${p.length + s.length}`],
      [p, s],
    ],
  ],
  ['a length that is too short', (p, s) => [[`content-length: ${p.length - 100}`], [p, s]]],
  ['a length with a plus', (p) => [[`content-length: +${p.length}`], [p]]],
  ['a coding that there is not', (p) => [['transfer-encoding: xchunked'], [p]]],
  [
    'a chunk size with a plus',
    (p) => [
      ['transfer-encoding: chunked'],
      [Buffer.from(`+${p.length.toString(16)}\r\n`), p, Buffer.from('\r\n0\r\n\r\n')],
    ],
  ],
  [
    'a chunk that is longer than its size',
    (p, s) => [['transfer-encoding: chunked'], [Buffer.from(`${p.length.toString(16)}\r\n`), p, s]],
  ],
  ['a folded header', (p) => [['x-a: b', ` content-length: 5`, `content-length: ${p.length}`], [p]]],
  ['a bare LF', (p) => [[`x-a: b\ncontent-length: 5`, `content-length: ${p.length}`], [p]]],
  [
    'a whole answer of its own behind it',
    (p, s) => [
      [`content-length: ${p.length}`],
      [p, Buffer.from(head({ headers: { 'content-type': 'tensor/binary', 'content-length': s.length } })), s],
    ],
  ],
]

const modelOf = (index: number): string => `framing-${index}`

/** A model and a backend for each, since one that lies is soon asked no more. */
const on = stage((url) => ({
  MODELS: FRAMINGS.map((_, i) => ({ id: modelOf(i), kind: 'image', channels: 4, spatialCompression: 8 })),
  BACKENDS: FRAMINGS.map((_, i) => ({ id: modelOf(i), url: `${url}${i}/`, models: [modelOf(i)] })),
  DISPATCH: { attemptTimeoutMs: 1_000 },
}))

test.each(FRAMINGS.map(([name, frame], index) => ({ name, frame, index })))(
  'B29: after $name every picture is the right one, or none',
  async ({ frame, index }) => {
    const query = pictureQuery().replace('do_scaling=True', 'do_scaling=False')
    const ask = async (): Promise<boolean> => {
      const latent = uniqueLatent()
      const response = await decode(on.gateway, `/${modelOf(index)}?${query}`, latent)
      const bytes = Buffer.from(await response.arrayBuffer())
      if (response.status === 200) expect(bytes.equals(pictureOf(latent))).toBe(true)
      else expect(response.status).toBeGreaterThanOrEqual(502)
      return response.status === 200
    }
    const stale = pictureOf(uniqueLatent())
    on.backend.behaviour = (socket, request) => {
      const [lines, body] = frame(pictureOf(request.body), stale)
      const start = head({ headers: tensorHeaders(request) }).slice(0, -2)
      socket.write(Buffer.concat([Buffer.from(`${start}${lines.join('\r\n')}\r\n\r\n`, 'latin1'), ...body]))
    }
    await ask()
    expect(on.backend.requests.length).toBeGreaterThan(0)
    // On connections that are still open.
    on.backend.behaviour = serve
    await soon(async () => expect(await ask()).toBe(true))
  },
)
