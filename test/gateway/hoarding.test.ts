/** Clients that take room for uploads: what one of them holds is never what others need. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { beforeAll, expect, test } from 'vitest'
import { serveAfter } from '../support/behaviours.ts'
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
import { mintKey } from '../support/gateway.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [{ id: 'gpu', url, models: ['sd-v1'], slots: 8 }],
  PLANS: { default: {}, spent: { requestsPerMinute: 1 } },
  ANONYMOUS: { plan: 'default' },
  DISPATCH: { bodyBudgetBytes: 4_000_000 },
}))

const SMALL = `/sd-v1?${pictureQuery()}`
/** 2,000,000 bytes, of which two are all that there is room for. */
const LARGE = `/sd-v1?${pictureQuery(500)}`
const LARGE_BYTES = 2_000_000
/** 720,000 bytes, less than the share of one caller. */
const MIDDLE = `/sd-v1?${pictureQuery(300)}`

/** A key that has used up its limit. */
let spent: string
beforeAll(async () => {
  spent = await mintKey({ plan: 'spent' })
})

interface Sent {
  /** Undefined: none at all. */
  readonly key?: string | undefined
  readonly path?: string
  readonly type?: string
  readonly declared: number
}

/** An upload up to the moment that the gateway begins to read it, or refuses to; and what it said. */
async function begin({ key, path = LARGE, type = 'tensor/binary', declared }: Sent) {
  const request = rawDecode(on.gateway, path, new Uint8Array(), { declared })
  const socket = await rawConnection(on.gateway)
  socket.write(
    withHead(request, (head) => {
      const authorized = head.replace(/authorization: .*\r\n/, key ? `authorization: Bearer ${key}\r\n` : '')
      return `${authorized.replace('tensor/binary', type)}\r\nexpect: 100-continue`
    }),
  )
  const [first] = (await once(socket, 'data')) as [Buffer]
  return { socket, said: first.toString('latin1').slice(0, 12) }
}

async function idle(sent: Sent): Promise<Socket> {
  const { socket, said } = await begin(sent)
  expect(said).toBe('HTTP/1.1 100')
  await new Promise((resolve) => socket.write(Buffer.alloc(4), resolve))
  return socket
}

const asKey = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } })

test('FB1: uploads of one key and of nobody in particular, that never come, keep no other from being served', async () => {
  const greedy = await mintKey()
  const binary = { key: greedy, declared: LARGE_BYTES }
  const json = { key: greedy, type: 'application/json', declared: 900_000 }
  const stuck = await Promise.all([
    ...Array.from({ length: 6 }, () => idle(binary)),
    ...Array.from({ length: 2 }, () => idle(json)),
    ...Array.from({ length: 6 }, () => idle({ declared: LARGE_BYTES })),
  ])
  const other = asKey(await mintKey())
  const answers = await Promise.all([
    ...Array.from({ length: 10 }, () => decode(on.gateway, SMALL, uniqueLatent(), other)),
    decode(on.gateway, MIDDLE, uniqueLatent(300), other),
  ])
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 11 }, () => 200))
  for (const answer of answers) await answer.arrayBuffer()
  for (const socket of stuck) socket.resetAndDestroy()
})

test('FB1: a key that is over a limit is refused before it sends a body, whatever the form', async () => {
  const first = await decode(on.gateway, SMALL, uniqueLatent(), asKey(spent))
  await first.arrayBuffer()
  expect(first.status).toBe(200)
  const forms = [
    { key: spent, type: 'application/json', declared: 900_000 },
    { key: spent, type: 'tensor/base64', declared: 900_000 },
    { key: spent, declared: LARGE_BYTES },
    { key: spent, path: SMALL, declared: 512 },
  ]
  for (const form of forms) {
    const { socket, said } = await begin(form)
    expect(said).toBe('HTTP/1.1 429')
    socket.destroy()
  }
})

test('FB1: an upload that has come in part gives way to a caller who holds less, and is told to come again', async () => {
  const greedy = await mintKey()
  const sent = { key: greedy, declared: LARGE_BYTES }
  const uploads = [await begin(sent), await begin(sent)]
  const told = uploads.map(({ socket }) => readAll(socket))
  for (const { socket } of uploads)
    await new Promise((resolve) => socket.write(Buffer.alloc(1_900_000), resolve))
  const other = await decode(on.gateway, MIDDLE, uniqueLatent(300), asKey(await mintKey()))
  await other.arrayBuffer()
  expect(other.status).toBe(200)
  // Of what is taken back its client hears, and the other one can still be finished.
  for (const { socket } of uploads) socket.end(Buffer.alloc(100_000))
  const answers = (await Promise.all(told)).map((answer) => answer.toString('latin1'))
  const statuses = answers.map((answer) => /HTTP\/1\.1 ([2-5]\d\d)/.exec(answer)?.[1])
  expect(statuses).toContain('503')
  expect(answers.join()).toMatch(/retry-after: 1\r\n/i)
  expect(answers.join()).toContain('"code":"isolate-busy"')
})

test('FB1: latents of one key that wait for a backend leave room for those of others', async () => {
  const gate = Promise.withResolvers<void>()
  on.backend.behaviour = serveAfter(gate.promise)
  const greedy = asKey(await mintKey())
  const waiting = [500, 400, 300].map((side) =>
    decode(on.gateway, `/sd-v1?${pictureQuery(side)}`, uniqueLatent(side), greedy),
  )
  await on.backendHas(3)
  const refused = await decode(on.gateway, MIDDLE, uniqueLatent(300), greedy)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'isolate-busy' })
  const other = decode(on.gateway, `/sd-v1?${pictureQuery(200)}`, uniqueLatent(200), asKey(await mintKey()))
  await on.backendHas(4)
  gate.resolve()
  for (const answered of [...waiting, other]) {
    const answer = await answered
    await answer.arrayBuffer()
    expect(answer.status).toBe(200)
  }
})
