import { describe, expect, test } from 'vitest'
import { FakeAmbient, settle } from '../../test/support/fake-ambient.ts'
import { HARD } from '../../test/support/pool.ts'
import type { Backend } from '../backends/backend.ts'
import { PoolClient, type PoolStub, type SlotAnswer, type SlotRequest } from './client.ts'
import type { ReachabilityEvent } from './local-view.ts'
import { LocalView } from './local-view.ts'
import { Membership } from './membership.ts'
import { type AcquireRequest, type Grant, PROTOCOL_VERSION, type Refusal } from './protocol.ts'
import type { Shard } from './shards.ts'

const backend = (id: string, changes: Partial<Backend> = {}): Backend => ({
  id,
  kind: 'vae-backend',
  url: 'https://decoder.example.com/',
  token: undefined,
  models: ['sdxl'],
  slots: 1,
  scaleToZero: false,
  abortable: true,
  shard: undefined,
  ...changes,
})
const WANTED: SlotRequest = {
  ticket: 'ticket-1',
  key: 'key-1',
  model: 'sdxl',
  predictedMs: 200,
  remainingMs: 10_000,
  exclude: [],
  failures: [],
  purpose: 'first',
}

type Reply = Awaited<ReturnType<PoolStub['acquire']>>
type Answers = (() => Promise<Reply>)[]

interface World {
  readonly acquires?: Answers
  readonly pings?: (() => Promise<string>)[]
  readonly backends?: readonly Backend[]
  readonly shards?: ReadonlyMap<string, Shard>
  readonly continent?: string
}

/** Pools that answer each call as they are told, a clock that the test moves, and a diary of it all. */
function setUp({ acquires = [], pings = [], backends = [backend('gpu-1')], ...where }: World) {
  const diary: string[] = []
  const requests: AcquireRequest[] = []
  const events: ReachabilityEvent[] = []
  const deferred: Promise<unknown>[] = []
  const ambient = new FakeAmbient()
  const view = new LocalView()
  let stubs = 0
  const client = new PoolClient({
    stubOf: ({ name }) => {
      const stub = `${name} ${++stubs}`
      return {
        acquire: (request) => {
          diary.push(`acquire at ${stub}`)
          requests.push(request)
          return acquires.shift()?.() ?? Promise.reject(new Error('one call too many'))
        },
        cancel: (ticket) => {
          diary.push(`cancel ${ticket}`)
          return Promise.reject(new Error('the object is gone'))
        },
        ping: () => {
          diary.push('ping')
          return pings.shift()?.() ?? new Promise(() => undefined)
        },
        adopt: async () => null,
      }
    },
    membership: new Membership(backends),
    shards: where.shards ?? new Map(),
    continent: where.continent,
    view,
    ambient,
    emit: (event) => events.push(event),
    defer: (task) => deferred.push(task),
  })
  const calledOff = new AbortController()
  const acquire = (changes: Partial<SlotRequest> = {}): Promise<SlotAnswer> =>
    client.acquire({ ...WANTED, ...changes }, calledOff.signal)
  /** What a call comes to, and after how many milliseconds. */
  const acquireWithin = async (ms: number, changes: Partial<SlotRequest> = {}) => {
    let ended: { answer: SlotAnswer; ms: number } | undefined
    const startedAt = ambient.now()
    void acquire(changes).then((answer) => {
      ended = { answer, ms: ambient.now() - startedAt }
    })
    for (let passed = 0; passed <= ms && !ended; passed += 50) await ambient.pass(50)
    return ended
  }
  return { ambient, view, diary, requests, events, deferred, calledOff, acquire, acquireWithin }
}

const grant = (diary: string[] = [], backendId = 'gpu-1'): Reply => ({
  ...({ ok: true, v: 2, epoch: 'e', startsInMs: 0, expectedMs: 200, isLearnt: true, poolWaitMs: 0 } as Grant),
  backendId,
  lease: {
    free: async () => undefined,
    report: async () => undefined,
    renew: async () => undefined,
    resize: async () => undefined,
  },
  [Symbol.dispose]: () => void diary.push('dispose'),
})
const granted = async (): Promise<Reply> => grant()
const refused =
  (reason: Refusal['reason'], retryAfterMs = 700) =>
  async (): Promise<Reply> => ({ ok: false, v: 2, reason, retryAfterMs, poolWaitMs: 400 })
const broken = (): Promise<Reply> => Promise.reject(new Error('Durable Object reset'))
const overloaded = (): Promise<Reply> =>
  Promise.reject(Object.assign(new Error('Durable Object is overloaded'), { overloaded: true }))
const silent = (): Promise<Reply> => new Promise(() => undefined)
const pong = async (): Promise<string> => 'e'

describe('acquire', () => {
  test('asks the pool of the model, with time left instead of a moment', async () => {
    const { acquire, requests, diary, ambient } = setUp({ acquires: [granted] })
    expect(await acquire()).toMatchObject({ ok: true, lease: { backendId: 'gpu-1', isLocal: false } })
    expect(diary).toEqual(['acquire at gpu-1 1'])
    expect(requests).toEqual([{ v: PROTOCOL_VERSION, ...WANTED, wall: ambient.wallNow() }])
    expect(ambient.timers).toEqual([])
  })

  test('asks nobody where no backend serves the model', async () => {
    const { acquire, diary } = setUp({})
    expect(await acquire({ model: 'flux' })).toEqual({ ok: false, reason: 'no-backend', retryAfterMs: 0 })
    expect(diary).toEqual([])
  })

  test('passes on a refusal, which is an answer, and leaves no timer behind', async () => {
    const { acquire, diary, ambient } = setUp({ acquires: [refused('queue-full')] })
    expect(await acquire()).toEqual({ ok: false, reason: 'queue-full', retryAfterMs: 700 })
    expect(diary).toHaveLength(1)
    expect(ambient.timers).toEqual([])
  })

  test('waits in a queue for as long as somebody answers pings', async () => {
    const late = new Promise<Reply>((resolve) => setTimeout(() => resolve(grant())))
    const { acquire, diary, ambient, view } = setUp({ acquires: [() => late], pings: [pong, pong, pong] })
    const answer = acquire({ remainingMs: 60_000 })
    await ambient.pass(12_000)
    expect(diary).toEqual(['acquire at gpu-1 1', 'ping', 'ping', 'ping'])
    expect((await answer).ok).toBe(true)
    expect(view.routeOf('gpu-1', ambient.now())).toBe('object')
    expect(ambient.timers).toEqual([])
  })
})

describe('P2: a pool whose object is reset', () => {
  test('is asked once more under the same ticket, through a new stub', async () => {
    const { acquire, requests, diary, events } = setUp({ acquires: [broken, granted] })
    expect(await acquire()).toMatchObject({ ok: true, lease: { isLocal: false } })
    expect(diary).toEqual(['acquire at gpu-1 1', 'acquire at gpu-1 2'])
    expect(requests[1]).toEqual(requests[0])
    expect(events).toEqual([])
  })

  test.each([
    [4_000, [10_000, 6_000]],
    [9_999, [10_000, 1]],
    [10_000, [10_000]],
  ])('is asked once more for the time that is left after %i ms, if any is', async (ms, asked) => {
    const world = setUp({
      acquires: [
        async () => {
          await new Promise<void>((resolve) => world.ambient.after(ms, resolve))
          return broken()
        },
        granted,
      ],
      pings: [pong, pong, pong],
    })
    const answer = world.acquire()
    await world.ambient.pass(ms)
    expect((await answer).ok).toBe(asked.length > 1)
    expect(world.requests.map(({ remainingMs }) => remainingMs)).toEqual(asked)
  })
})

describe('P6: degraded mode', () => {
  test('begins when calls break off twice, and serves the very request that found out', async () => {
    const { acquire, diary, events } = setUp({ acquires: [broken, broken] })
    expect(await acquire()).toMatchObject({ ok: true, lease: { backendId: 'gpu-1', isLocal: true } })
    expect(diary).toEqual(['acquire at gpu-1 1', 'acquire at gpu-1 2', 'cancel ticket-1'])
    expect(events).toEqual([{ kind: 'pool-degraded', pool: 'gpu-1', why: 'errors' }])
  })

  test('P5: begins at once when the object is overloaded, which is not asked again', async () => {
    const { acquire, diary, events } = setUp({ acquires: [overloaded] })
    expect(await acquire()).toMatchObject({ ok: true, lease: { isLocal: true } })
    expect(diary).toEqual(['acquire at gpu-1 1', 'cancel ticket-1'])
    expect(events).toMatchObject([{ why: 'overloaded' }])
  })

  test('begins after 3 s in which neither the call nor a ping is answered', async () => {
    const { acquireWithin, diary, events, ambient } = setUp({ acquires: [silent] })
    const ended = await acquireWithin(5_000)
    expect(ended).toMatchObject({ ms: 3_000, answer: { ok: true, lease: { isLocal: true } } })
    expect(diary).toEqual(['acquire at gpu-1 1', 'ping', 'cancel ticket-1'])
    expect(events).toMatchObject([{ why: 'silent' }])
    expect(ambient.timers).toEqual([])
  })

  test('P4: does not begin where the object is only too old to be pinged', async () => {
    const old = () => Promise.reject(new TypeError('does not implement the method "ping"'))
    const { acquire, ambient, events } = setUp({ acquires: [silent], pings: [old, old, old] })
    void acquire()
    await ambient.pass(9_000)
    expect(events).toEqual([])
  })

  test('gives back a grant that comes when nobody waits for it any more', async () => {
    let answer = (_: Reply): void => {}
    const slow = () =>
      new Promise<Reply>((resolve) => {
        answer = resolve
      })
    const { acquireWithin, diary } = setUp({ acquires: [slow] })
    await acquireWithin(5_000)
    answer(grant(diary))
    await settle()
    expect(diary.at(-1)).toBe('dispose')
  })

  test('asks the object no more until one trial in each interval, and ends when that is answered', async () => {
    const backends = [backend('gpu-1', { slots: 8 })]
    const world = setUp({ backends, acquires: [broken, broken, silent, granted, granted] })
    await world.acquire()
    expect((await world.acquire()).ok).toBe(true)
    expect(world.requests).toHaveLength(2)
    await world.ambient.pass(2_000)
    // The trial pings at once, so that a request which finds the object still lost has waited half as long.
    expect(await world.acquireWithin(5_000)).toMatchObject({ ms: 1_500, answer: { ok: true } })
    expect(world.requests).toHaveLength(3)
    await world.ambient.pass(4_000)
    expect(await world.acquire()).toMatchObject({ ok: true, lease: { isLocal: false } })
    expect(await world.acquire()).toMatchObject({ ok: true, lease: { isLocal: false } })
    expect(world.events.map(({ kind }) => kind)).toEqual(['pool-degraded', 'pool-recovered'])
  })

  test('ends with a pong, while the trial itself waits in the queue', async () => {
    const world = setUp({ acquires: [broken, broken, silent, granted], pings: [pong] })
    await world.acquire()
    await world.ambient.pass(2_000)
    void world.acquire()
    await settle()
    expect(await world.acquire()).toMatchObject({ ok: true, lease: { isLocal: false } })
  })

  test('takes at most two jobs per slot, then refuses with a hint', async () => {
    const { acquire } = setUp({ acquires: [overloaded] })
    const [first, second] = [await acquire(), await acquire()]
    expect([first.ok, second.ok]).toEqual([true, true])
    expect(await acquire()).toEqual({ ok: false, reason: 'queue-full', retryAfterMs: 1_000 })
    if (first.ok) first.lease[Symbol.dispose]()
    expect((await acquire()).ok).toBe(true)
  })

  test('takes no batch apart, and has second copies where no backend has the job yet', async () => {
    const backends = [backend('a'), backend('b')]
    const { acquire } = setUp({ acquires: [overloaded], backends })
    expect(await acquire({ purpose: 'part' })).toMatchObject({ ok: false, reason: 'budget' })
    const copy = { purpose: 'hedge', exclude: ['a'] } as const
    expect(await acquire(copy)).toMatchObject({ lease: { backendId: 'b', isLocal: true } })
    expect(await acquire({ ...copy, exclude: ['a', 'b'] })).toMatchObject({ reason: 'exhausted' })
  })

  test('leaves out backends that failed the job, and those that failed twice in a row', async () => {
    const { acquire } = setUp({ acquires: [overloaded], backends: [backend('a'), backend('b')] })
    for (let i = 0; i < 2; i++) {
      const answer = await acquire({ exclude: ['b'] })
      if (!answer.ok) throw new Error('there is room')
      await answer.lease.report(HARD)
      answer.lease[Symbol.dispose]()
    }
    for (let i = 0; i < 2; i++) expect(await acquire()).toMatchObject({ lease: { backendId: 'b' } })
    expect(await acquire({ exclude: ['a', 'b'] })).toMatchObject({ reason: 'exhausted' })
  })
})

describe('C2: a client that leaves', () => {
  test('gives up its place in the queue at once', async () => {
    const { acquire, diary, calledOff, deferred, ambient } = setUp({ acquires: [silent] })
    const answer = acquire()
    await settle()
    calledOff.abort()
    expect(await answer).toEqual({ ok: false, reason: 'cancelled', retryAfterMs: 0 })
    expect(diary.at(-1)).toBe('cancel ticket-1')
    // An object that is gone is waited for no longer than this.
    expect(ambient.timers).toEqual([2_000])
    await ambient.pass(2_000)
    await Promise.all(deferred)
    expect(ambient.timers).toEqual([])
  })

  test('stays until it has given back the slot that it was granted in the same moment', async () => {
    const decided = Promise.withResolvers<Reply>()
    const { acquire, calledOff, deferred, ambient } = setUp({ acquires: [() => decided.promise] })
    const diary: string[] = []
    const answer = acquire()
    await settle()
    calledOff.abort()
    await answer
    decided.resolve(grant(diary))
    await Promise.all(deferred)
    expect(diary).toEqual(['dispose'])
    expect(ambient.timers).toEqual([])
  })

  test('gives up nothing once it has its answer', async () => {
    const { acquire, diary, calledOff } = setUp({ acquires: [refused('queue-full')] })
    await acquire()
    calledOff.abort()
    expect(diary).toEqual(['acquire at gpu-1 1'])
  })

  test('is counted no longer, though nobody disposes its lease', async () => {
    const { acquire, calledOff, view, ambient } = setUp({ acquires: [granted] })
    await acquire()
    expect(view.inFlight('gpu-1', ambient.now())).toBe(1)
    calledOff.abort()
    expect(view.inFlight('gpu-1', ambient.now())).toBe(0)
  })
})

describe('P20: where a model has several pools', () => {
  const shards = new Map<string, Shard>([
    ['eu', { locationHint: 'weur', continents: ['EU'] }],
    ['us', { locationHint: 'enam', continents: ['NA'] }],
  ])
  const backends = [backend('eu-1', { shard: 'eu' }), backend('us-1', { shard: 'us' })]
  const there = { backends, shards, continent: 'NA' }

  test('the one near the client is asked', async () => {
    const { acquire, diary } = setUp({ ...there, acquires: [granted] })
    await acquire()
    expect(diary).toEqual(['acquire at us-1 1'])
  })

  test.each(['exhausted', 'down', 'cold', 'too-large', 'queue-full', 'deadline'] as const)(
    'another is asked when it refuses: %s',
    async (reason) => {
      const { acquire, diary } = setUp({ ...there, acquires: [refused(reason), granted] })
      expect((await acquire()).ok).toBe(true)
      expect(diary).toEqual(['acquire at us-1 1', 'acquire at eu-1 2'])
    },
  )

  test.each(['repeated', 'over-share', 'budget', 'cancelled'] as const)(
    'no other is asked when the refusal is about the request: %s',
    async (reason) => {
      const { acquire } = setUp({ ...there, acquires: [refused(reason), granted] })
      expect(await acquire()).toMatchObject({ reason })
    },
  )

  test('the refusal of the nearer one counts, unless it only says that it has nobody else', async () => {
    const both = (first: Refusal['reason'], second: Refusal['reason']) =>
      setUp({ ...there, acquires: [refused(first), refused(second)] }).acquire()
    expect(await both('deadline', 'queue-full')).toMatchObject({ reason: 'deadline' })
    expect(await both('exhausted', 'deadline')).toMatchObject({ reason: 'deadline' })
    expect(await both('deadline', 'exhausted')).toMatchObject({ reason: 'deadline' })
  })

  test('P6: one whose object is lost is passed over, and its backends used when the others refuse', async () => {
    const passed = setUp({ ...there, acquires: [overloaded, granted] })
    expect(await passed.acquire()).toMatchObject({ lease: { isLocal: false } })
    const short = setUp({ ...there, acquires: [overloaded, refused('deadline')] })
    expect(await short.acquire()).toMatchObject({ lease: { backendId: 'us-1', isLocal: true } })
  })

  test('a second copy is searched for in all of them, a part of a batch only near by', async () => {
    const copied = setUp({ ...there, acquires: [refused('exhausted'), granted] })
    expect(await copied.acquire({ purpose: 'hedge' })).toMatchObject({ ok: true })
    const part = setUp({ ...there, acquires: [refused('exhausted'), granted] })
    expect(await part.acquire({ purpose: 'part' })).toMatchObject({ ok: false })
    expect(part.diary).toHaveLength(1)
  })
})
