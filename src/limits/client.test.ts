import { describe, expect, test } from 'vitest'
import { FakeAmbient, settle } from '../../test/support/fake-ambient.ts'
import { keyRecord } from '../../test/support/key-record.ts'
import { type KeyStub, LimitsClient, LimitsMemory } from './client.ts'

import type { KeyRecord, KeyStatus, Limits, Quota } from './protocol.ts'

const LIMITS: Limits = {
  requestsPerMinute: 3,
  megapixelsPerMinute: null,
  concurrency: null,
  megapixelsPerMonth: null,
}
const ASKED = { model: 'sdxl', megapixels: 1 }

const noQuotas = (): KeyStatus => ({ record: null, quotas: [], inFlight: 0 })

type Answer = Awaited<ReturnType<KeyStub['admit']>>

/** A Worker's isolate whose objects answer as the test says, and that counts what they are asked. */
function world(
  answer: () => Promise<Answer>,
  list: () => Promise<KeyRecord | null> = async () => null,
  standing: () => Promise<KeyStatus> = () => answer().then(noQuotas),
) {
  const ambient = new FakeAmbient()
  const memory = new LimitsMemory()
  const events: string[] = []
  const seen = { calls: 0, listCalls: 0, disposed: 0, refunds: 0 }
  const client = new LimitsClient({
    stubOf: () => ({
      admit: () => {
        seen.calls++
        return answer()
      },
      status: () => {
        seen.calls++
        return standing()
      },
    }),
    findListed: () => {
      seen.listCalls++
      return list()
    },
    memory,
    ambient,
    defer: () => undefined,
    unreachable: (why) => events.push(why),
  })
  const granted = (
    isGood: () => Promise<boolean> = () => Promise.resolve(true),
    quotas: readonly Quota[] = [],
  ): Answer => ({
    ok: true,
    v: 1,
    quotas,
    handle: {
      refund: async () => {
        seen.refunds++
      },
      isGood,
    },
    [Symbol.dispose]: () => {
      seen.disposed++
    },
  })
  return {
    ambient,
    client,
    events,
    memory,
    seen,
    granted,
    ask: () => client.admit('key', LIMITS, ASKED),
    foresee: () => client.foresee('key', LIMITS),
  }
}

describe('P18: when the object of a key', () => {
  test('P18: breaks off, the request goes on, and that is said', async () => {
    const { ask, events } = world(() => Promise.reject(new Error('reset')))
    expect(await ask()).toMatchObject({ ok: true, quotas: [] })
    expect(events).toEqual(['errors'])
  })

  test('P18: hangs, the request goes on after two seconds, and the next ones at once', async () => {
    const { ask, ambient, events, seen } = world(() => new Promise(() => undefined))
    const first = ask()
    await ambient.pass(2_000)
    expect(await first).toMatchObject({ ok: true })
    expect(await ask()).toMatchObject({ ok: true })
    expect([seen.calls, events]).toEqual([1, ['silent']])
    await ambient.pass(5_000)
    void ask()
    expect(seen.calls).toBe(2)
  })

  test('P18: answers when nobody waits any more, the place is let go of', async () => {
    const late = Promise.withResolvers<Answer>()
    const { ask, ambient, seen, granted } = world(() => late.promise)
    const first = ask()
    await ambient.pass(2_000)
    await first
    late.resolve(granted())
    await settle()
    expect(seen.disposed).toBe(1)
  })

  test('P18: cannot even be called, the request goes on', async () => {
    const { ask } = world(() => {
      throw new TypeError('no such object')
    })
    expect(await ask()).toMatchObject({ ok: true })
  })
})

test('a flood over the limit costs one call', async () => {
  const refusal: Answer = {
    ok: false,
    v: 1,
    why: 'limit',
    policies: ['requests'],
    quotas: [],
    retryAfterMs: 9_000,
  }
  const { ask, seen, ambient } = world(() => Promise.resolve(refusal))
  for (let i = 0; i < 1_000; i++) expect(await ask()).toMatchObject({ ok: false })
  expect(seen.calls).toBe(1)
  await ambient.pass(9_000)
  await ask()
  expect(seen.calls).toBe(2)
})

describe('a place', () => {
  async function place(isGood?: () => Promise<boolean>) {
    const one = world(async () => one.granted(isGood))
    const verdict = await one.ask()
    if (!verdict.ok) throw new Error('refused')
    return { ...one, place: verdict.place }
  }

  test('is let go of once', async () => {
    const { place: held, seen } = await place()
    held[Symbol.dispose]()
    held[Symbol.dispose]()
    held.refund()
    expect(seen).toMatchObject({ disposed: 1, refunds: 0 })
  })

  test('P16: says whether its key is still good', async () => {
    expect(await (await place(() => Promise.resolve(false))).place.isGood()).toBe(false)
    expect(await (await place(() => Promise.resolve(true))).place.isGood()).toBe(true)
  })

  test('P17: takes its key for good when nobody can say', async () => {
    expect(await (await place(() => Promise.reject(new Error('reset')))).place.isGood()).toBe(true)
    const { place: held, ambient } = await place(() => new Promise(() => undefined))
    const asked = held.isGood()
    await ambient.pass(1_000)
    expect(await asked).toBe(true)
  })
})

describe('FB1: whether a key may send a body that must be read first', () => {
  const quota = (policy: Quota['policy'], remaining: number): Quota => ({
    policy,
    limit: 1,
    windowS: 60,
    remaining,
    resetMs: 5_000,
  })
  const granted = (): Promise<never> => Promise.reject(new Error('nothing is asked for'))
  const standing = (...quotas: Quota[]) => world(granted, undefined, async () => ({ ...noQuotas(), quotas }))

  test('it may while there is something left of every limit, and is charged nothing', async () => {
    const { foresee, events } = standing(quota('requests', 1), quota('megapixels', 0.1))
    expect(await foresee()).toBeUndefined()
    expect(events).toEqual([])
  })

  test('it may not when one of them is used up, which is remembered for its decodes as well', async () => {
    const { foresee, ask, ambient, seen } = standing(quota('requests', 0), quota('megapixels', 1))
    expect(await foresee()).toMatchObject({ why: 'limit', policies: ['requests'], retryAfterMs: 5_000 })
    await ambient.pass(1_000)
    expect(await foresee()).toMatchObject({ retryAfterMs: 4_000 })
    expect(await ask()).toMatchObject({ ok: false, policies: ['requests'] })
    expect(seen.calls).toBe(1)
  })

  test('it may not while as many requests are under way as may be, which may end at any moment', async () => {
    const { foresee, seen } = standing(quota('concurrency', 0))
    expect(await foresee()).toMatchObject({ policies: ['concurrency'], retryAfterMs: 1_000 })
    await foresee()
    expect(seen.calls).toBe(2)
  })

  test('it may not when it is revoked', async () => {
    const { foresee } = world(granted, undefined, async () => ({
      ...noQuotas(),
      record: keyRecord({ revokedAt: 0 }),
    }))
    expect(await foresee()).toMatchObject({ why: 'revoked' })
  })

  test('P18: it may while its object breaks off or hangs, and that is said', async () => {
    const { foresee, events } = world(granted, undefined, () => Promise.reject(new Error('reset')))
    expect(await foresee()).toBeUndefined()
    expect(await foresee()).toBeUndefined()
    expect(events).toEqual(['errors'])
  })
})

describe('FC5: a key whose object cannot be read', () => {
  const broken = (): Promise<Answer> => Promise.reject(new Error('database disk image is malformed'))
  const REVOKED = { ok: false, why: 'revoked' }

  test('is refused when the list says that it is revoked, and the list is asked once', async () => {
    const { ask, ambient, seen } = world(broken, async () => keyRecord({ revokedAt: 5, isRevoked: true }))
    for (let i = 0; i < 5; i++) expect(await ask()).toMatchObject(REVOKED)
    await ambient.pass(3_600_000)
    expect(await ask()).toMatchObject(REVOKED)
    expect(seen).toMatchObject({ calls: 1, listCalls: 1 })
  })

  test('is refused when the object said so before, or an operator did, to this isolate', async () => {
    const answers = [
      async (): Promise<Answer> => ({ ok: false, v: 1, why: 'revoked', isFinal: true }),
      broken,
    ]
    const { ask, ambient } = world(() => (answers.shift() ?? broken)())
    expect(await ask()).toMatchObject(REVOKED)
    await ambient.pass(3_600_000)
    expect(await ask()).toMatchObject(REVOKED)
    const other = world(broken)
    other.memory.unreadable.noteRevoked('key')
    expect(await other.ask()).toMatchObject(REVOKED)
  })

  test('decodes with no model that the list leaves out', async () => {
    const { ask } = world(broken, async () => keyRecord({ models: ['flux'] }))
    expect(await ask()).toMatchObject({ ok: false, why: 'model' })
    expect(await ask()).toMatchObject({ ok: false, why: 'model' })
  })

  test.each([
    ['does not know it', async () => null],
    ['breaks off', () => Promise.reject(new Error('gone'))],
    ['is silent', () => new Promise<null>(() => undefined)],
  ])(
    'is served as the isolate counts when the list %s, and waits a second for that at most',
    async (_, list) => {
      const { ask, ambient } = world(broken, list)
      const asked = ask()
      await ambient.pass(1_000)
      expect(await asked).toMatchObject({ ok: true })
      expect(await ask()).toMatchObject({ ok: true })
    },
  )
})

describe('FC5: FC16: a key whose object fails, as on a disk that is full', () => {
  const broken = (): Promise<Answer> => Promise.reject(new Error('database or disk is full'))
  const limit = (policies: readonly string[]) => ({ ok: false, why: 'limit', policies })

  test('has its limits, from what the object said last', async () => {
    const quota = (remaining: number) => ({
      policy: 'requests' as const,
      limit: 3,
      windowS: 60,
      remaining,
      resetMs: 60_000,
    })
    let said: Answer | undefined
    const { ask, granted, ambient } = world(async () => said ?? broken())
    said = granted(undefined, [quota(1)])
    expect(await ask()).toMatchObject({ ok: true })
    said = undefined
    expect(await ask()).toMatchObject({ ok: true })
    expect(await ask()).toMatchObject(limit(['requests']))
    await ambient.pass(61_000)
    for (let i = 0; i < 3; i++) expect(await ask()).toMatchObject({ ok: true })
    expect(await ask()).toMatchObject(limit(['requests']))
  })

  test('keeps its month, and its places until they are given back', async () => {
    const { client, granted, said } = failing()
    const limits = { ...LIMITS, requestsPerMinute: null, concurrency: 1, megapixelsPerMonth: 10 }
    const ask = () => client.admit('key', limits, ASKED)
    const month = {
      policy: 'month' as const,
      limit: 10,
      windowS: 2_678_400,
      remaining: 2,
      resetMs: 1_000_000,
    }
    said.answer = granted(undefined, [month])
    await ask()
    said.answer = undefined
    const first = await ask()
    expect(await ask()).toMatchObject(limit(['concurrency']))
    if (!first.ok) throw new Error(first.why)
    first.place.refund()
    first.place[Symbol.dispose]()
    for (let i = 0; i < 2; i++) {
      const next = await ask()
      if (!next.ok) throw new Error(next.why)
      next.place[Symbol.dispose]()
    }
    expect(await ask()).toMatchObject(limit(['month']))
  })

  test('is counted by the object as soon as that answers', async () => {
    const { client, granted, said, ambient } = failing()
    const ask = () => client.admit('key', LIMITS, ASKED)
    for (let i = 0; i < 3; i++) await ask()
    expect(await ask()).toMatchObject(limit(['requests']))
    await ambient.pass(6_000)
    said.answer = granted()
    expect(await ask()).toMatchObject({ ok: true })
  })

  test('has the bounds of its own that the list knows', async () => {
    const { ask } = world(broken, async () => keyRecord({ overrides: { requestsPerMinute: 1 } }))
    expect(await ask()).toMatchObject({ ok: true })
    expect(await ask()).toMatchObject(limit(['requests']))
  })

  function failing() {
    const said: { answer: Answer | undefined } = { answer: undefined }
    return { ...world(async () => said.answer ?? broken()), said }
  }
})
