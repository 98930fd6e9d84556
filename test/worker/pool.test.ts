/** The pool's object in the real runtime: leases across RPC, a queue of waiting calls, and its own death. */

import { abortAllDurableObjects, evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, expect, test } from 'vitest'
import type { AcquireRequest } from '../../src/pool/protocol.ts'
import type { Pool } from '../../src/worker.ts'

const pools = (env as unknown as { POOL: DurableObjectNamespace<Pool> }).POOL

let serial = 0

const request = (changes: Partial<AcquireRequest> = {}): AcquireRequest => ({
  v: 1,
  ticket: `ticket-${++serial}`,
  model: 'sd-v1',
  predictedMs: 100,
  remainingMs: 10_000,
  exclude: [],
  ...changes,
})

const pool = (): DurableObjectStub<Pool> => pools.getByName('preview')

async function leases(): Promise<number | undefined> {
  return (await pool().status()).backends[0]?.leases
}

async function granted(changes: Partial<AcquireRequest> = {}) {
  const answer = await pool().acquire(request(changes))
  if (!answer.ok) throw new Error(`refused: ${answer.reason}`)
  return answer
}

/** Leases of every slot that there is. */
async function allGranted() {
  const slots = (await pool().status()).backends[0]?.slots ?? 0
  return Promise.all(Array.from({ length: slots }, () => granted()))
}

afterEach(() => abortAllDurableObjects())

test('gives back a slot when its lease is disposed', async () => {
  const answer = await granted()
  expect(await leases()).toBe(1)
  answer[Symbol.dispose]()
  await expect.poll(leases).toBe(0)
})

test('gives back a slot once, however often it is freed', async () => {
  const first = await granted()
  const second = await granted()
  await first.lease.free()
  await first.lease.free()
  first[Symbol.dispose]()
  expect(await leases()).toBe(1)
  second[Symbol.dispose]()
})

test('lets a call wait until a slot is free', async () => {
  const held = await allGranted()
  const waiting = granted()
  await expect.poll(async () => (await pool().status()).queued).toBe(1)
  await held[0]?.lease.free()
  const answer = await waiting
  expect(answer.backendId).toBe('preview')
  for (const { [Symbol.dispose]: dispose } of [...held, answer]) dispose()
})

test('refuses a call whose deadline passes in the queue', async () => {
  const held = await allGranted()
  const late = await pool().acquire(request({ remainingMs: 50 }))
  expect(late).toMatchObject({ ok: false, reason: 'deadline' })
  for (const { [Symbol.dispose]: dispose } of held) dispose()
})

test('answers a call that is cancelled in the queue', async () => {
  const held = await allGranted()
  const waiting = pool().acquire(request({ ticket: 'mine' }))
  await expect.poll(async () => (await pool().status()).queued).toBe(1)
  await pool().cancel('mine')
  expect(await waiting).toMatchObject({ ok: false, reason: 'cancelled' })
  for (const { [Symbol.dispose]: dispose } of held) dispose()
})

test('refuses a model that it has no backend for', async () => {
  expect(await pool().acquire(request({ model: 'kolors' }))).toMatchObject({
    ok: false,
    reason: 'no-backend',
  })
})

test('P1: works again after it was evicted', async () => {
  const answer = await granted()
  answer[Symbol.dispose]()
  await expect.poll(leases).toBe(0)
  await evictDurableObject(pool())
  const next = await granted()
  expect(await leases()).toBe(1)
  next[Symbol.dispose]()
})

test('P2: starts empty after it was killed, and a lease of its former life does no harm', async () => {
  const former = await granted()
  await abortAllDurableObjects()
  const next = await granted()
  former[Symbol.dispose]()
  expect(await leases()).toBe(1)
  next[Symbol.dispose]()
})

test('stores nothing', async () => {
  const answer = await granted()
  answer[Symbol.dispose]()
  const { runInDurableObject } = await import('cloudflare:test')
  const rows = await runInDurableObject(pool(), (_pool, state) =>
    state.storage.sql
      .exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '_cf_%'")
      .toArray(),
  )
  expect(rows).toEqual([])
})
