/** Requests that can be refused by looking at them, and what each must be told. */
import { once } from 'node:events'
import type { Chance } from './chance.ts'
import { kindNamed, makeLatent } from './latent.ts'
import { openSocket, readAnswer, requestHead } from './raw-client.ts'
import type { World } from './world.ts'

interface Malformed {
  readonly name: string
  readonly status: number
  /** Code of the problem document; undefined: the runtime refuses it, before there is a Worker that could log it. */
  readonly code?: string
  readonly changes?: Readonly<Record<string, string | undefined>>
  /** Of the whole request, as text of single bytes. */
  readonly rewrite?: (request: string) => string
}

const MALFORMED: readonly Malformed[] = [
  { name: 'a length that is no number', status: 400, changes: { 'content-length': 'five' } },
  { name: 'a negative length', status: 400, changes: { 'content-length': '-1' } },
  { name: 'garbage', status: 400, rewrite: (request) => `\x00\x01${request}` },
  { name: 'no key', status: 401, code: 'unauthorized', changes: { authorization: undefined } },
  {
    name: 'a forged key',
    status: 401,
    code: 'unauthorized',
    changes: { authorization: `Bearer vg_${'a'.repeat(47)}` },
  },
  {
    name: 'a compressed body',
    status: 415,
    code: 'unsupported-media-type',
    changes: { 'content-encoding': 'gzip' },
  },
  {
    name: 'a form',
    status: 415,
    code: 'unsupported-media-type',
    changes: { 'content-type': 'multipart/form-data' },
  },
  {
    name: 'too long a body',
    status: 413,
    code: 'payload-too-large',
    changes: { 'content-length': '50000000' },
  },
  {
    name: 'another shape than its body has',
    status: 422,
    code: 'length-shape-mismatch',
    rewrite: (request) => request.replace('shape=8', 'shape=16'),
  },
  {
    name: 'a shape that is too large',
    status: 422,
    code: 'decode-too-large',
    rewrite: (request) => request.replace('shape=8', 'shape=65535'),
  },
  {
    name: 'an unknown model',
    status: 404,
    code: 'unknown-model',
    rewrite: (request) => request.replace('/sd-v1', '/sd-v99'),
  },
]

export async function sendMalformed(world: World, chance: Chance): Promise<void> {
  const { name, status, code, changes, rewrite } = chance.pick(MALFORMED)
  const kind = kindNamed('small')
  const latent = makeLatent(kind, world.canary, 0)
  const requestId = world.nextRequestId()
  if (code !== undefined) world.log.expect(requestId, 'stays')
  const head = requestHead(kind, latent.length, chance.pick(world.keys), requestId, changes)
  const socket = await openSocket(world.url)
  const whole = head + latent.toString('latin1')
  socket.write(rewrite?.(whole) ?? whole, 'latin1')
  try {
    const answer = await readAnswer(socket)
    const isRight = answer.status === status && (code === undefined || codeOf(answer.body) === code)
    if (!isRight) {
      const said = answer.body.subarray(0, 200).toString()
      world.tally.misjudged.push(`${name}: expected ${status} ${code ?? ''}, got ${answer.status} ${said}`)
    }
  } catch (error) {
    world.tally.misjudged.push(`${name}: ${(error as Error).message}`)
  } finally {
    socket.destroy()
    if (!socket.closed) await once(socket, 'close')
  }
}

/** A large upload with a forged key: the client is still sending when it is refused, and must learn why all the same. */
export async function sendRefused(world: World): Promise<void> {
  const kind = kindNamed('huge')
  const latent = makeLatent(kind, world.canary, 0)
  const requestId = world.nextRequestId()
  world.log.expect(requestId, 'stays')
  const socket = await openSocket(world.url)
  socket.write(requestHead(kind, latent.length, `vg_${'a'.repeat(47)}`, requestId))
  socket.write(latent)
  try {
    const answer = await readAnswer(socket)
    if (answer.status !== 401)
      world.tally.misjudged.push(`a refused upload: expected 401, got ${answer.status}`)
  } catch (error) {
    world.tally.misjudged.push(`a refused upload: ${(error as Error).message}`)
  } finally {
    socket.destroy()
    if (!socket.closed) await once(socket, 'close')
  }
}

function codeOf(body: Buffer): string | undefined {
  try {
    return (JSON.parse(body.toString()) as { code?: string }).code
  } catch {
    return undefined
  }
}
