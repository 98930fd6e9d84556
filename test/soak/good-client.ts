/** A well-behaved client: it sends what it says, waits for its picture and compares every byte. */
import { setTimeout as sleep } from 'node:timers/promises'
import { pictureOf } from '../support/behaviours.ts'
import { type LatentKind, makeLatent, pathOf, pictureBytes, pictureSide } from './latent.ts'
import { COMMIT_BYTES, troublesSince, type World } from './world.ts'

export interface Order {
  readonly kind: LatentKind
  readonly key: string
  /** Milliseconds that the decode takes. */
  readonly decodeMs: number
}

export interface Sent extends Order {
  readonly requestId: string
  readonly latent: Buffer<ArrayBuffer>
}

export interface Received {
  readonly status: number
  readonly body: Buffer
}

/** An answer whose beginning came, and whose end did not. */
export class BrokenAnswer extends Error {}

/** Longer than the gateway's deadline, the time of an upload and of a transfer. */
const PATIENCE_MS = 120_000
/** The last lines of a request may still be on their way when its client knows that it failed. */
const LOG_DELAY_MS = 500

/** A decode as any library would send it. */
export const decode = (world: World, order: Order): Promise<void> =>
  request(world, order, order.kind.name, async ({ kind, key, requestId, latent }) => {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'tensor/binary',
      accept: 'tensor/binary',
      'x-request-id': requestId,
    }
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const response = await fetch(`${world.url}${pathOf(kind)}`, {
      method: 'POST',
      body: latent,
      headers,
      signal,
    })
    const body = await response.arrayBuffer().catch((error: unknown) => {
      throw new BrokenAnswer(`after the head of a ${response.status}`, { cause: error })
    })
    return { status: response.status, body: Buffer.from(body) }
  })

/**
 * One request from its announcement to its verdict, however it is sent. Never throws.
 *
 * @param what it is, in the report of its failure
 */
export async function request(
  world: World,
  order: Order,
  what: string,
  send: (sent: Sent) => Promise<Received>,
): Promise<void> {
  const { tally, log } = world
  const { kind } = order
  const requestId = world.nextRequestId()
  const latent = makeLatent(kind, world.canary, order.decodeMs)
  log.expect(requestId, 'stays')
  tally.sent++
  tally.inFlight++
  const leave = tally.enter()
  const startedAt = performance.now()
  const fail = async (code: string, detail: string): Promise<void> => {
    const at = tally.seconds
    const seconds = (performance.now() - startedAt) / 1000
    const troubles = troublesSince(world, startedAt)
    await sleep(LOG_DELAY_MS)
    tally.fail({ at, requestId, what, code, detail, seconds, troubles, log: log.about(requestId) })
  }
  try {
    const { status, body } = await send({ ...order, requestId, latent })
    if (status !== 200) await fail(...describeProblem(status, body))
    else if (body.equals(pictureOf(latent, pictureSide(kind))))
      tally.serve((performance.now() - startedAt) / 1000)
    else await fail('wrong-picture', `${body.length} bytes that are not the picture's`)
  } catch (error) {
    // What was committed to cannot be tried again. It must break visibly, and only for a fault of a backend.
    const mayBreak = pictureBytes(kind) > COMMIT_BYTES && troublesSince(world, startedAt).length > 0
    if (mayBreak && error instanceof BrokenAnswer) tally.brokenVisibly++
    else await fail(...describeError(error))
  } finally {
    tally.inFlight--
    leave()
  }
}

function describeProblem(status: number, body: Buffer): [code: string, detail: string] {
  try {
    const { code, detail } = JSON.parse(body.toString()) as { code: string; detail: string }
    return [code, `${status}: ${detail}`]
  } catch {
    return [`status-${status}`, 'no problem document']
  }
}

function describeError(error: unknown): [code: string, detail: string] {
  const { message, cause } = error as Error
  const { code, message: why } = (cause ?? {}) as { code?: string; message?: string }
  return [`socket-${code ?? 'error'}`, [message, why].filter(Boolean).join(': ')]
}
