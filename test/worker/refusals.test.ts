/** What is left of an upload that was refused: how much of it is heard, and how long. In the runtime. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { AppEnv } from '../../src/http/context.ts'
import { hearOut } from '../../src/http/hear-out.ts'
import { Inflow } from '../../src/http/inflow.ts'

/** An upload to a gateway that refuses everything, and the timers of that gateway. */
async function refuse(headers: Record<string, string>) {
  const timers: { ms: number; task: () => void }[] = []
  const after = (ms: number, task: () => void): (() => void) => {
    const timer = { ms, task }
    timers.push(timer)
    return () => void timers.splice(timers.indexOf(timer), 1)
  }
  const app = new Hono<AppEnv>()
  app.use(hearOut({ after }))
  app.all('*', () => new Response('no', { status: 422 }))
  const { readable, writable } = new IdentityTransformStream()
  const writer = writable.getWriter()
  writer.closed.catch(() => undefined)
  const context = createExecutionContext()
  const request = new Request('https://gateway.example/', { method: 'POST', body: readable, headers })
  const response = await app.fetch(request, {}, context)
  return { writer, timers, response, isOver: waitOnExecutionContext(context) }
}

test('FB7: a refusal is there before its upload, which is then heard to its end', async () => {
  const { writer, timers, response, isOver } = await refuse({})
  expect(response.status).toBe(422)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('no')
  for (let sent = 0; sent < 1_000_000; sent += 100_000) await writer.write(new Uint8Array(100_000))
  await writer.close()
  expect((await reader.read()).done).toBe(true)
  await isOver
  expect(timers).toEqual([])
})

test('FB7: it is over with the last byte that was declared, whether its client closes or not', async () => {
  const { writer, isOver } = await refuse({ 'content-length': '70000' })
  await writer.write(new Uint8Array(70_000))
  await isOver
})

test('FB7: an upload that does not go on is heard for 10 s', async () => {
  const { timers, isOver } = await refuse({})
  expect(timers.map(({ ms }) => ms)).toEqual([10_000])
  timers[0]?.task()
  await isOver
})

test('FB7: an upload without end is heard up to so many bytes', async () => {
  const { readable, writable } = new IdentityTransformStream()
  const writer = writable.getWriter()
  writer.closed.catch(() => undefined)
  const request = new Request('https://gateway.example/', { method: 'POST', body: readable })
  const heard = new Inflow(request).drain(1_000_000)
  let sent = 0
  const sending = (async () => {
    for (;;) {
      await writer.write(new Uint8Array(65_536))
      sent += 65_536
    }
  })()
  sending.catch(() => undefined)
  await heard
  expect(sent).toBeGreaterThan(900_000)
  expect(sent).toBeLessThan(1_200_000)
})

test('FB7: of 64 that are heard at a time the next is answered and not heard', async () => {
  const timers: (() => void)[] = []
  const app = new Hono<AppEnv>()
  const after = (_: number, task: () => void): (() => void) => {
    timers.push(task)
    return () => undefined
  }
  app.use(hearOut({ after }))
  app.all('*', () => new Response('no', { status: 422 }))
  const contexts = Array.from({ length: 65 }, () => createExecutionContext())
  for (const context of contexts) {
    const { readable } = new IdentityTransformStream()
    const request = new Request('https://gateway.example/', { method: 'POST', body: readable })
    expect((await app.fetch(request, {}, context)).status).toBe(422)
  }
  expect(timers).toHaveLength(64)
  for (const stop of timers) stop()
  await Promise.all(contexts.map((context) => waitOnExecutionContext(context)))
})
