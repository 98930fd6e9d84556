import { describe, expect, test } from 'vitest'
import { type Conduct, DispatchWorld, type Say } from '../../test/support/dispatch-world.ts'
import { expectError, expectValue } from '../../test/support/results.ts'

const a: Say = { grant: 'a' }
const b: Say = { grant: 'b' }
const c: Say = { grant: 'c' }
const serve: Conduct = { does: 'serve', afterMs: 100 }
const refuse: Conduct = { does: 'refuse', afterMs: 1 }
const hang: Conduct = { does: 'serve' }
const status = (code: number, headers?: Record<string, string>): Conduct => ({
  does: code,
  afterMs: 5,
  ...(headers && { headers }),
})

/** A world in which these backends of the pool have their turn and do this. */
const world = (pool: Say[], conducts: Record<string, Conduct[]> = {}) => new DispatchWorld(pool, conducts)

describe('a request', () => {
  test('is served by the backend that the pool names', async () => {
    const here = world([a])
    const { answer, backendId, attempts, finish } = expectValue(await here.run())
    expect([backendId, attempts, answer.beginning.length]).toEqual(['a', 1, 192])
    finish('served')
    expect(here.leases[0]).toMatchObject({
      isDisposed: true,
      said: [{ attemptMs: 100, decoded: true }, { kind: 'served' }],
    })
  })

  test('C34: goes to the pool under its key, with a ticket that stays the same', async () => {
    const here = world([a, b], { a: [refuse] })
    await here.run()
    expect(here.requests.map(({ key }) => key)).toEqual(['key-1', 'key-1'])
    expect(new Set(here.requests.map(({ ticket }) => ticket)).size).toBe(1)
  })

  test('P9: has its time travel as what is left of it', async () => {
    const here = world([{ ...a, afterMs: 1_000 }, b], { a: [{ does: 500, afterMs: 500 }] })
    await here.run({ deadlineAt: here.ambient.now() + 9_000 })
    expect(here.sent.map(({ remainingMs }) => remainingMs)).toEqual([8_000, 7_500])
    expect(here.requests.map(({ remainingMs }) => remainingMs)).toEqual([9_000, 7_500])
  })

  test('C3: of a client that leaves ends, and the pool decides when the slot is free', async () => {
    const here = world([a], { a: [hang] })
    const outcome = here.start()
    await here.ambient.pass(50)
    here.client.abort()
    await here.ambient.pass(0)
    expect(expectError(await outcome).code).toBe('client-closed-request')
    expect(here.leases[0]).toMatchObject({ isDisposed: true, isFree: false, said: [] })
    expect([here.open.size, here.ambient.timers]).toEqual([0, []])
  })
})

describe('a retry', () => {
  test('T20: goes elsewhere, twice at most', async () => {
    const here = world([a, b, c, a], { a: [status(500)], b: [status(502)], c: [status(500)] })
    expect(expectError(await here.run()).code).toBe('upstream-error')
    expect(here.requests.map(({ exclude }) => exclude)).toEqual([[], ['a'], ['a', 'b']])
  })

  test('T20: is paid for where a decode may be lost, and free where nothing was decoded', async () => {
    const here = world([a, b, c], { a: [status(500)], b: [refuse] })
    expect(expectValue(await here.run()).attempts).toBe(3)
    expect(here.requests.map(({ purpose }) => purpose)).toEqual(['first', 'retry', 'first'])
    expect(here.requests[2]?.failures).toEqual([
      { backendId: 'a', signature: 'error' },
      { backendId: 'b', signature: 'unreachable' },
    ])
  })

  test('T20: that the pool will not pay for leaves the failure as it was', async () => {
    const here = world([a, { refuse: 'budget' }], { a: [status(500)] })
    expect(expectError(await here.run()).code).toBe('upstream-error')
  })

  test('B33: ends with 502 when the pool finds that the request fails alike everywhere', async () => {
    const here = world([a, b, { refuse: 'repeated' }], { a: [status(500)], b: [status(500)] })
    expect(expectError(await here.run()).code).toBe('request-failed-repeatedly')
  })

  test('B33: accuses one backend at most', async () => {
    const here = world([a, b, c], { a: [status(502)], b: [status(500)] })
    expectValue(await here.run()).finish('broke-off')
    const accusations = here.leases.flatMap(({ backendId, said }) =>
      said.flatMap((said) => ('kind' in said ? [`${backendId} ${said.kind}`] : [])),
    )
    expect(accusations).toEqual(['a soft'])
  })

  test.each([
    ['B14: refuses the gateway', status(401), 'misconfigured'],
    ['B19: asks for time', status(429, { 'retry-after': '9' }), 'busy'],
    ['B12: has too little memory', status(413), 'out-of-memory'],
  ] as const)('passes on what a backend says of itself, whoever failed before: %s', async (_, does, kind) => {
    const here = world([a, b, c], { a: [status(500)], b: [does] })
    await here.run()
    expect(here.leases[1]?.said).toMatchObject([{ kind }, { decoded: false }])
  })

  test.each([
    ['B12', 413, 413, 'decode-too-large'],
    ['B13', 422, 422, 'rejected-by-backend'],
    ['B13', 413, 400, 'rejected-by-backend'],
  ])('%s: is one for a request that two backends find at fault: %i, %i', async (_, first, second, code) => {
    const here = world([a, b, c], { a: [status(first)], b: [status(second)] })
    expect(expectError(await here.run()).code).toBe(code)
    expect(here.sent).toHaveLength(2)
  })

  test('B5: comes soon after a hang of a backend whose pace is known, and lets its slot drain', async () => {
    const here = world([a, { refuse: 'budget' }, b], { a: [hang] })
    const startedAt = here.ambient.now()
    expect(expectValue(await here.run()).backendId).toBe('b')
    expect(here.ambient.now() - startedAt).toBeLessThanOrEqual(2_200)
    expect(here.leases[0]).toMatchObject({ isFree: false, isDisposed: true, said: [{ kind: 'soft' }] })
  })

  test('B6: comes after a body that stands still before the commit', async () => {
    const here = world([a, { refuse: 'budget' }, b], { a: [{ does: 'stall', afterMs: 100 }] })
    expect(expectValue(await here.run()).backendId).toBe('b')
    expect(here.budget.free).toBe(100_000 - 192)
  })

  test('B1: goes back to backends that failed in passing when there is no other', async () => {
    const here = world([a, { refuse: 'down' }, a], { a: [refuse] })
    expect(expectValue(await here.run()).attempts).toBe(2)
    expect(here.requests.map(({ exclude }) => exclude)).toEqual([[], ['a'], []])
  })

  test('B35: is not made where all are out of reach, which takes no time to say', async () => {
    const here = world([{ refuse: 'down' }])
    const startedAt = here.ambient.now()
    expect(expectError(await here.run())).toMatchObject({ code: 'no-backend', retryAfterSeconds: 2 })
    expect(here.ambient.now() - startedAt).toBeLessThan(1_000)
  })
})

describe('an answer that asks for time', () => {
  test('B19: costs no attempt, and the pool knows of it before it is asked again', async () => {
    const busy = status(429, { 'retry-after': '2' })
    const told: unknown[] = []
    const here = new DispatchWorld(
      (_request, { leases }) => {
        told.push(...leases.slice(-1).flatMap(({ said }) => said.slice(0, 1)))
        return { grant: ['a', 'b', 'a', 'b', 'c'][leases.length] ?? 'c' }
      },
      { a: [busy, busy], b: [status(500), status(502)] },
    )
    expect(expectValue(await here.run()).attempts).toBe(5)
    expect(told).toMatchObject([
      { kind: 'busy', retryAfterMs: 2_000 },
      { kind: 'soft' },
      { kind: 'busy' },
      {},
    ])
    expect(here.requests.at(2)?.exclude).toEqual(['b'])
    expect(here.requests.map(({ purpose }) => purpose)).toEqual(['first', 'first', 'retry', 'first', 'retry'])
  })

  test('B19: ends after ten times', async () => {
    const here = new DispatchWorld(() => a, { a: Array.from({ length: 20 }, () => status(429)) })
    expect(expectError(await here.run())).toMatchObject({ code: 'no-capacity', retryAfterSeconds: 1 })
    expect(here.sent).toHaveLength(10)
  })

  test('P6: does not wait for a pool that does not take it in', async () => {
    const deaf = { report: () => new Promise<void>(() => undefined) }
    const here = world([{ ...a, lease: deaf }, b], { a: [status(429)] })
    expect(expectValue(await here.run()).backendId).toBe('b')
  })
})

describe('P6: without the pool’s object', () => {
  const local = (grant: string): Say => ({ grant, lease: { isLocal: true, isLearnt: false } })

  test('a request is tried twice and not hedged', async () => {
    const here = world([local('a'), local('b'), local('c')], { a: [status(500)], b: [status(500)] })
    expect(expectError(await here.run()).code).toBe('upstream-error')
    expect(here.sent).toHaveLength(2)
    const slow = world([local('a'), local('b')], { a: [{ does: 'serve', afterMs: 5_000 }] })
    expect(expectValue(await slow.run()).attempts).toBe(1)
  })
})

describe('B30: an attempt that is slow', () => {
  const slow: Conduct = { does: 'serve', afterMs: 1_900 }

  test('has a second one beside it, which may win', async () => {
    const here = world([a, b], { a: [slow] })
    const { backendId, attempts, finish, answer } = expectValue(await here.run())
    expect([backendId, attempts]).toEqual(['b', 2])
    expect(here.requests[1]).toMatchObject({ purpose: 'hedge', exclude: ['a'], failures: [] })
    expect(here.requests[1]?.ticket).not.toBe(here.requests[0]?.ticket)
    expect(here.leases[0]).toMatchObject({ isFree: false, isDisposed: true, said: [] })
    finish('served')
    answer.release()
    expect([here.open.size, here.budget.free]).toEqual([0, 100_000])
  })

  test('may win itself, and calls the other off', async () => {
    const here = world([a, b], { a: [slow], b: [hang] })
    const { backendId, attempts } = expectValue(await here.run())
    expect([backendId, attempts]).toEqual(['a', 2])
    expect(here.leases[1]).toMatchObject({ isFree: false, isDisposed: true })
    expect(here.open.size).toBe(0)
  })

  test('stays alone where the pool has nobody idle', async () => {
    const here = world([a, { refuse: 'budget' }], { a: [slow] })
    expect(expectValue(await here.run()).attempts).toBe(1)
  })

  test('P11: stays alone where there is no memory for a second copy', async () => {
    const here = world([a, b], { a: [slow] })
    here.budget.reserve(99_600)
    expect(expectValue(await here.run()).attempts).toBe(1)
    expect(here.requests).toHaveLength(1)
  })

  test('has no second one beside its retry, when both were tried', async () => {
    const here = world([a, b, c], { a: [slow, hang], b: [status(500)] })
    expect(expectValue(await here.run()).backendId).toBe('a')
    const twice = world([a, b, c, { grant: 'd' }], { a: [hang], b: [hang], c: [slow] })
    expect(expectValue(await twice.run()).attempts).toBe(3)
    expect(twice.requests.filter(({ purpose }) => purpose === 'hedge')).toHaveLength(1)
  })

  test('and fails is told with both', async () => {
    const here = world([a, b, { refuse: 'exhausted' }], {
      a: [{ does: 500, afterMs: 1_500 }],
      b: [status(413)],
    })
    const { code, detail } = expectError(await here.run())
    expect([code, detail]).toEqual(['upstream-error', expect.stringContaining('(2 attempts)')])
  })
})

test('P14: a backend of another release’s configuration is passed over', async () => {
  const here = world([{ grant: 'unknown' }, b])
  expect(expectValue(await here.run()).backendId).toBe('b')
})

describe('when the body has ended', () => {
  test.each([
    ['served', [{ decoded: true }, { kind: 'served' }]],
    ['broke-off', [{ decoded: true }, { kind: 'soft' }]],
    ['client-gone', [{ decoded: true }]],
    ['client-slow', [{ decoded: true }]],
  ] as const)('%s: the pool hears what it shows', async (end, said) => {
    const here = world([a], { a: [serve] })
    expectValue(await here.run()).finish(end)
    expect(here.leases[0]).toMatchObject({ isDisposed: true, said })
  })
})
