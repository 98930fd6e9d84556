/** Refusals of uploads that are still on their way: clients that read nothing before they have sent all hear them too. */
import { once } from 'node:events'
import { beforeAll, expect, test } from 'vitest'
import { hang, serve } from '../support/behaviours.ts'
import {
  decode,
  pictureQuery,
  rawConnection,
  rawDecode,
  readAll,
  uniqueLatent,
  withHead,
} from '../support/client.ts'
import { mintKey } from '../support/gateway.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [{ id: 'gpu', url, models: ['sd-v1', 'sdxl', 'flux'], slots: 8 }],
  PLANS: { default: {}, spent: { requestsPerMinute: 1, models: ['sdxl'] } },
  DISPATCH: { bodyBudgetBytes: 1_048_576 },
}))

const GOOD = `/sd-v1?${pictureQuery()}`
const BODY_BYTES = 7_000_000

let spent: string
beforeAll(async () => {
  spent = await mintKey({ plan: 'spent' })
})

/** A request that is refused, and the lines of its head that are other than those of a good one. */
const refusals: [status: number, path: string, head: (lines: string) => string][] = [
  [401, GOOD, (lines) => lines.replace(/Bearer .*/, 'Bearer vg_nobody')],
  [403, GOOD, (lines) => lines.replace(/Bearer .*/, () => `Bearer ${spent}`)],
  [404, `/v1/decode/no-such-model?${pictureQuery()}`, (lines) => lines],
  [404, '/nowhere/at/all', (lines) => lines],
  [405, '/health', (lines) => lines],
  [406, GOOD, (lines) => lines.replace(/accept: .*/, 'accept: text/html')],
  [413, GOOD, (lines) => lines],
  [415, GOOD, (lines) => lines.replace('content-type: tensor/binary', 'content-type: text/plain')],
  [422, '/sd-v1?shape=1', (lines) => lines],
  [422, `/flux?${pictureQuery(200, 16)}`, (lines) => lines],
]

/** Sends all of its body before it looks at an answer, as Python does, and then another request. */
async function sendAll(request: Buffer): Promise<string[]> {
  const socket = await rawConnection(on.gateway)
  const failed: string[] = []
  socket.on('error', ({ message }) => failed.push(message))
  socket.pause()
  for (let at = 0; at < request.length; at += 65_536) {
    const isTaken = socket.write(request.subarray(at, at + 65_536))
    if (!isTaken) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
  }
  socket.write('GET /health HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n')
  const all = readAll(socket)
  socket.resume()
  const text = (await all).toString('latin1')
  return [...failed, ...(text.match(/HTTP\/1\.1 \d{3}/g) ?? [])]
}

test.each(refusals)(
  'FB7: %i is heard by a client that sends 7 MB first, to %s, and its connection goes on',
  async (status, path, head) => {
    const isDecode = path.startsWith('/sd-v1') || path.startsWith('/flux') || path.startsWith('/v1/decode')
    const request = rawDecode(on.gateway, path, new Uint8Array(BODY_BYTES), { owe: isDecode })
    expect(await sendAll(withHead(request, head))).toEqual([`HTTP/1.1 ${status}`, 'HTTP/1.1 200'])
  },
)

test('FB7: so is 429 of a key that is over its limit', async () => {
  const first = await decode(on.gateway, `/sdxl?${pictureQuery()}`, uniqueLatent(), {
    headers: { authorization: `Bearer ${spent}` },
  })
  await first.arrayBuffer()
  const body = uniqueLatent(300)
  const request = rawDecode(on.gateway, `/sdxl?${pictureQuery(300)}`, body)
  const heard = await sendAll(
    withHead(request, (lines) => lines.replace(/Bearer .*/, () => `Bearer ${spent}`)),
  )
  expect(heard).toEqual(['HTTP/1.1 429', 'HTTP/1.1 200'])
})

test('FB7: so is 503 where there is no room for an upload', async () => {
  on.backend.behaviour = hang
  const socket = await rawConnection(on.gateway)
  socket.write(rawDecode(on.gateway, `/sd-v1?${pictureQuery(350)}`, uniqueLatent(350)))
  await on.backendHas(1)
  on.backend.behaviour = serve
  const heard = await sendAll(rawDecode(on.gateway, `/sd-v1?${pictureQuery(300)}`, uniqueLatent(300)))
  expect(heard).toEqual(['HTTP/1.1 503', 'HTTP/1.1 200'])
  socket.resetAndDestroy()
})

test('FB7: a client that waits to be told to go on is not asked for a body that is refused', async () => {
  const socket = await rawConnection(on.gateway)
  const request = rawDecode(on.gateway, '/sd-v1?shape=1', new Uint8Array(), { declared: BODY_BYTES })
  socket.write(withHead(request, (lines) => `${lines}\r\nexpect: 100-continue`))
  const [first] = (await once(socket, 'data')) as [Buffer]
  expect(first.toString('latin1')).toMatch(/^HTTP\/1\.1 422/)
  socket.destroy()
})

test('FB7: a refusal goes out at once, before any of the body has come', async () => {
  const socket = await rawConnection(on.gateway)
  socket.write(rawDecode(on.gateway, '/sd-v1?shape=1', new Uint8Array(), { declared: BODY_BYTES }))
  const [first] = (await once(socket, 'data')) as [Buffer]
  expect(first.toString('latin1')).toMatch(/^HTTP\/1\.1 422 .*content-length: \d+/is)
  socket.destroy()
})
