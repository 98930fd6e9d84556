import { describe, expect, test } from 'vitest'
import type { Backend } from '../backends/backend.ts'
import type { Ambient } from '../lib/ambient.ts'
import { PoolClient, type PoolStub, type SlotAnswer } from './client.ts'
import type { AcquireRequest } from './protocol.ts'
import type { Evidence } from './state.ts'

const BACKEND: Backend = {
  id: 'gpu-1',
  kind: 'vae-backend',
  url: 'https://decoder.example.com/',
  token: undefined,
  models: ['sdxl'],
  slots: 1,
  scaleToZero: false,
  abortable: true,
}
const WANTED = { model: 'sdxl', predictedMs: 200, remainingMs: 10_000, exclude: ['gpu-0'] }

type Reply = Awaited<ReturnType<PoolStub['acquire']>>

/** A pool that answers each call as it is told, timers that fire when the test says, and a diary of it all. */
function setUp(...replies: (() => Promise<Reply>)[]) {
  const diary: string[] = []
  const requests: AcquireRequest[] = []
  const timers = new Map<number, () => void>()
  const deferred: Promise<unknown>[] = []
  const clock = { now: 1_000 }
  const ambient: Ambient = {
    now: () => clock.now,
    random: () => 0,
    after: (ms, task) => {
      timers.set(ms, task)
      return () => timers.delete(ms)
    },
    randomUuid: () => 'ticket-1',
    fetch: () => Promise.reject(new Error('a pool is no URL')),
  }
  let stubs = 0
  const stubOf = (name: string): PoolStub => {
    const stub = `${name} stub ${++stubs}`
    return {
      acquire: (request) => {
        diary.push(`acquire: ${stub}`)
        requests.push(request)
        return replies.shift()?.() ?? Promise.reject(new Error('one call too many'))
      },
      cancel: (ticket) => {
        diary.push(`cancel ${ticket}`)
        return Promise.reject(new Error('the object is gone'))
      },
    }
  }
  const client = new PoolClient(stubOf, [BACKEND], ambient, (task) => deferred.push(task))
  const clientLeft = new AbortController()
  const acquire = (changes = {}): Promise<SlotAnswer> =>
    client.acquire({ ...WANTED, ...changes }, clientLeft.signal)
  return { clock, diary, requests, timers, deferred, clientLeft, acquire }
}

const granted =
  (diary: string[] = []) =>
  async (): Promise<Reply> => ({
    ok: true,
    backendId: 'gpu-1',
    lease: {
      free: async () => void diary.push('free'),
      report: async (evidence: Evidence) => void diary.push(`report ${evidence.kind}`),
    },
    [Symbol.dispose]: () => void diary.push('dispose'),
  })
const refused = async (): Promise<Reply> => ({ ok: false, reason: 'queue-full', retryAfterMs: 700 })
const broken = (): Promise<Reply> => Promise.reject(new Error('Durable Object reset'))
const silent = (): Promise<Reply> => new Promise(() => undefined)

describe('acquire', () => {
  test('asks the pool of the model, with time left instead of a moment', async () => {
    const { acquire, requests, diary } = setUp(granted())
    expect(await acquire()).toMatchObject({ ok: true, lease: { backendId: 'gpu-1' } })
    expect(diary).toEqual(['acquire: gpu-1 stub 1'])
    expect(requests).toEqual([{ v: 1, ticket: 'ticket-1', ...WANTED }])
  })

  test('asks nobody where no backend serves the model', async () => {
    const { acquire, diary } = setUp()
    expect(await acquire({ model: 'flux' })).toEqual({ ok: false, reason: 'no-backend', retryAfterMs: 0 })
    expect(diary).toEqual([])
  })

  test('passes on a refusal, which is an answer', async () => {
    const { acquire, diary } = setUp(refused)
    expect(await acquire()).toEqual({ ok: false, reason: 'queue-full', retryAfterMs: 700 })
    expect(diary).toHaveLength(1)
  })

  test('P2: asks once more under the same ticket, through a new stub, when the object is reset', async () => {
    const { acquire, requests, diary } = setUp(broken, granted())
    expect((await acquire()).ok).toBe(true)
    expect(diary).toEqual(['acquire: gpu-1 stub 1', 'acquire: gpu-1 stub 2'])
    expect(requests[1]).toEqual(requests[0])
  })

  test('P5: finds a pool unreachable that fails twice', async () => {
    const { acquire, diary } = setUp(broken, broken, granted())
    expect(await acquire()).toEqual({ ok: false, reason: 'unreachable', retryAfterMs: 1_000 })
    expect(diary).toHaveLength(2)
  })

  test.each([
    [4_000, [10_000, 6_000]],
    [9_999, [10_000, 1]],
    [10_000, [10_000]],
  ])('P2: asks once more for the time that is left after %i ms, if any is', async (ms, asked) => {
    const lateReset = (): Promise<Reply> => {
      clock.now += ms
      return broken()
    }
    const { acquire, requests, clock } = setUp(lateReset, granted())
    await acquire()
    expect(requests.map(({ remainingMs }) => remainingMs)).toEqual(asked)
  })

  test('P6: finds a pool unreachable that is silent past the deadline, and asks no more', async () => {
    const { acquire, timers, clock, diary } = setUp(silent, granted())
    const answer = acquire()
    expect([...timers.keys()]).toEqual([11_500])
    clock.now += 11_500
    timers.get(11_500)?.()
    expect(await answer).toMatchObject({ reason: 'unreachable' })
    expect(diary).toHaveLength(1)
  })

  test('leaves no timer behind', async () => {
    for (const reply of [granted(), refused]) {
      const { acquire, timers } = setUp(reply)
      await acquire()
      expect(timers.size).toBe(0)
    }
  })
})

describe('C2: a client that leaves', () => {
  test('gives up its place in the queue', async () => {
    const { acquire, diary, clientLeft, deferred } = setUp(silent)
    void acquire()
    clientLeft.abort()
    expect(diary.at(-1)).toBe('cancel ticket-1')
    await expect(Promise.all(deferred)).resolves.toHaveLength(1)
  })

  test('gives up nothing once it has its answer', async () => {
    const { acquire, diary, clientLeft } = setUp(refused)
    await acquire()
    clientLeft.abort()
    expect(diary).toEqual(['acquire: gpu-1 stub 1'])
  })
})

describe('a lease', () => {
  test('frees, reports and is disposed with the answer that it came in', async () => {
    const diary: string[] = []
    const { acquire, deferred } = setUp(granted(diary))
    const answer = await acquire()
    if (!answer.ok) throw new Error('a slot was granted')
    answer.lease.report({ kind: 'served' })
    answer.lease.free()
    answer.lease[Symbol.dispose]()
    expect(diary).toEqual(['report served', 'free', 'dispose'])
    expect(deferred).toHaveLength(2)
  })

  test('P2: of an object that is gone is given back without a fuss', async () => {
    const gone = () => Promise.reject(new Error('Durable Object reset'))
    const { acquire, deferred } = setUp(async () => ({
      ok: true,
      backendId: 'gpu-1',
      lease: { free: gone, report: gone },
    }))
    const answer = await acquire()
    if (!answer.ok) throw new Error('a slot was granted')
    answer.lease.free()
    answer.lease.report({ kind: 'hard' })
    answer.lease[Symbol.dispose]()
    await expect(Promise.all(deferred)).resolves.toEqual([undefined, undefined])
  })
})
