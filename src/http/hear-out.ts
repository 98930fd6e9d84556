/**
 * Refusals reach clients that are still sending. A connection that is closed with bytes unread is reset, and the answer is
 * lost with it; and many clients read no answer before all of their body is gone. So a refusal goes out at once, and
 * what still comes is read and forgotten before the connection goes on.
 */
import { createMiddleware } from 'hono/factory'
import type { Ambient } from '../lib/ambient.ts'
import { networkOfClient } from './client-address.ts'
import type { AppEnv } from './context.ts'
import { Inflow } from './inflow.ts'

/** Larger than any body that is taken, and than most platforms let through. */
const MAX_BYTES = 100_000_000
const MAX_MS = 10_000

/** Bodies that are heard out at a time, each in 64 KB, and those of one address where it is known. */
const MAX_AT_ONCE = 64
const MAX_PER_NETWORK = 16

const NOBODY_KNOWS = ''

export const hearOut = ({ after }: Pick<Ambient, 'after'>) => {
  const underWay: string[] = []
  return createMiddleware<AppEnv>(async (c, next) => {
    const inflow = new Inflow(c.req.raw)
    c.set('inflow', inflow)
    await next()
    if (c.res.status < 400 || inflow.isOver) return
    // It has not been told to go on, and now it will not send anything.
    if (!inflow.hasBegun && c.req.header('expect') !== undefined) return
    const network = networkOfClient(c.req.raw, c.var.services?.config.knowsAddresses ?? false) ?? NOBODY_KNOWS
    const most = network === NOBODY_KNOWS ? MAX_AT_ONCE : MAX_PER_NETWORK
    if (underWay.length >= MAX_AT_ONCE || underWay.filter((other) => other === network).length >= most) return
    underWay.push(network)
    const drained = drain(inflow, after).finally(() => underWay.splice(underWay.indexOf(network), 1))
    c.executionCtx.waitUntil(drained)
    c.res = new Response(endingWith(drained, await c.res.bytes()), c.res)
  })
}

async function drain(inflow: Inflow, after: Ambient['after']): Promise<void> {
  const stopTimer = after(MAX_MS, () => inflow.cancel())
  await inflow.drain(MAX_BYTES)
  inflow.cancel()
  stopTimer()
}

/** The client has all of it at once; the request is not over before its body is. */
function endingWith(drained: Promise<unknown>, answer: Uint8Array): ReadableStream<Uint8Array> {
  const source: UnderlyingSource<Uint8Array> = {
    start: (controller) => controller.enqueue(answer),
    pull: async (controller) => {
      await drained
      controller.close()
    },
    expectedLength: answer.length,
  }
  return new ReadableStream(source, { highWaterMark: 0 })
}
