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

/** What the pool was told of its backends, in the order of their leases. */
const heard = ({ leases }: DispatchWorld): string[] =>
  leases.flatMap(({ backendId, said }) =>
    said.flatMap((said) => ('kind' in said ? [`${backendId} ${said.kind}`] : [])),
  )

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

  test('B1, T20: is no attempt lost on backends that are out of reach', async () => {
    const here = world([a, b, c, { grant: 'd' }, { grant: 'e' }], {
      a: [refuse],
      b: [refuse],
      c: [status(500)],
      d: [status(500)],
    })
    expect(expectValue(await here.run()).backendId).toBe('e')
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

  test('B33: that is served says which backends failed what another could do', async () => {
    const here = world([a, b, c], { a: [status(502)], b: [status(500)] })
    expectValue(await here.run()).finish('served')
    expect(heard(here)).toEqual(['a soft', 'b soft', 'c served'])
    expect(here.leases[2]?.said.at(-1)).toEqual({ kind: 'served', model: 'sd-v1', instead: ['a', 'b'] })
  })

  test.each([
    ['breaks off', 'broke-off', ['a soft', 'b soft']],
    ['was not waited for', 'client-gone', ['a soft']],
  ] as const)('B33: whose answer %s speaks for no backend, and against no other', async (_, end, said) => {
    const here = world([a, b], { a: [status(500)] })
    expectValue(await here.run()).finish(end)
    expect(heard(here)).toEqual(said)
  })

  test('B1, B33: blames none for being out of reach, which is not the request’s doing', async () => {
    const here = world([a, b], { a: [refuse] })
    expectValue(await here.run()).finish('served')
    expect(here.leases[1]?.said.at(-1)).toEqual({ kind: 'served', model: 'sd-v1' })
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

  test('B5: is not made while a hang may still end, as only another answer is better', async () => {
    const here = world([a, { refuse: 'exhausted' }, { refuse: 'exhausted' }], { a: [hang] })
    const startedAt = here.ambient.now()
    expect(expectError(await here.run()).code).toBe('deadline-exceeded')
    expect(here.ambient.now() - startedAt).toBe(60_000)
    expect(here.leases[0]).toMatchObject({
      isFree: false,
      isDisposed: true,
      said: [{ kind: 'soft', model: 'sd-v1', isTimeout: true }],
    })
  })

  test('B5: a decode that is cut by its own client’s deadline before it is overdue accuses no backend', async () => {
    const here = world([a], { a: [hang] })
    expectError(await here.run({ deadlineAt: here.ambient.now() + 1_100 }))
    expect(here.leases[0]).toMatchObject({ isFree: false, isDisposed: true, said: [] })
  })

  test('B6: comes after a body that stands still before the commit', async () => {
    const here = world([a, b], { a: [{ does: 'stall', afterMs: 100 }] })
    expect(expectValue(await here.run()).backendId).toBe('b')
    expect(here.budget.free).toBe(100_000 - 192)
    expect(heard(here)).toEqual(['a soft'])
  })

  test('B16: comes a second after an error whose text does not come', async () => {
    const silent: Conduct = { does: 500, afterMs: 100, isSilent: true }
    const here = world([a, b], { a: [silent] })
    const startedAt = here.ambient.now()
    expect(expectValue(await here.run()).backendId).toBe('b')
    expect(here.ambient.now() - startedAt).toBe(1_200)
    expect([here.open.size, here.ambient.timers]).toEqual([0, []])
  })

  test('B1: goes back to backends that failed in passing when there is no other', async () => {
    const here = world([a, { refuse: 'down' }, a], { a: [refuse] })
    expect(expectValue(await here.run()).attempts).toBe(2)
    expect(here.requests.map(({ exclude }) => exclude)).toEqual([[], ['a'], []])
  })

  test('B19: goes back in the second round to the one that is busy, when that wants it', async () => {
    const busy = status(429, { 'retry-after': '2' })
    const here = world([a, a, { refuse: 'exhausted' }, a], { a: [busy, busy] })
    const startedAt = here.ambient.now()
    expect(expectValue(await here.run()).attempts).toBe(3)
    expect(here.requests.map(({ exclude }) => exclude)).toEqual([[], [], ['a'], []])
    expect(here.ambient.now() - startedAt).toBeGreaterThanOrEqual(2_000)
  })

  test('B5, B19: has no second round that its deadline does not allow', async () => {
    const busy = status(429, { 'retry-after': '4' })
    const here = world([a, a, { refuse: 'exhausted' }, a], { a: [busy, busy] })
    const startedAt = here.ambient.now()
    const outcome = await here.run({ deadlineAt: startedAt + 3_000 })
    expect(expectError(outcome)).toMatchObject({ code: 'no-capacity', retryAfterSeconds: 4 })
    expect(here.ambient.now() - startedAt).toBeLessThan(1_000)
  })

  test('B1: has four rounds at most', async () => {
    const round = [a, { refuse: 'down' }] as const
    const here = world([...round, ...round, ...round, ...round, a], { a: [refuse, refuse, refuse, refuse] })
    expect(expectError(await here.run()).code).toBe('upstream-unreachable')
    expect(here.sent).toHaveLength(4)
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
    // It asked twice, and the pool knows of no third reason to send the request there.
    expect(here.requests.at(4)?.exclude).toEqual(['a', 'b'])
    expect(here.requests.map(({ purpose }) => purpose)).toEqual(['first', 'first', 'retry', 'first', 'retry'])
  })

  test('B19: ends after twenty times', async () => {
    const here = new DispatchWorld(() => a, { a: Array.from({ length: 30 }, () => status(429)) })
    expect(expectError(await here.run())).toMatchObject({ code: 'no-capacity', retryAfterSeconds: 1 })
    expect(here.sent).toHaveLength(20)
  })

  test('P6: does not wait for a pool that does not take it in', async () => {
    const deaf = { report: () => new Promise<void>(() => undefined) }
    const here = world([{ ...a, lease: deaf }, b], { a: [status(429)] })
    expect(expectValue(await here.run()).backendId).toBe('b')
  })
})

describe('B18: a request whose backend has to start', () => {
  const cold: Say = { grant: 'a', afterMs: 50_000, lease: { waitedForStart: true, expectedMs: 20_000 } }
  const slow: Conduct = { does: 'serve', afterMs: 30_000 }

  test('has its own time from then on, where the client did not say how long it waits', async () => {
    const here = world([cold], { a: [slow] })
    const startedAt = here.ambient.now()
    const outcome = await here.run({ deadlineMs: 60_000, deadlineAt: startedAt + 60_000 })
    expect(expectValue(outcome)).toMatchObject({ attempts: 1, queueMs: 50_000 })
    expect(here.requests[0]).toMatchObject({ waitsForStart: true, remainingMs: 60_000 })
    expect(here.sent[0]?.remainingMs).toBe(60_000)
  })

  test('may be tried elsewhere in that time', async () => {
    const here = world([cold, b], { a: [status(500)] })
    const outcome = await here.run({ deadlineMs: 60_000, deadlineAt: here.ambient.now() + 60_000 })
    expect(expectValue(outcome).backendId).toBe('b')
    expect(here.requests[1]?.remainingMs).toBe(59_995)
  })

  test('has what the client said, and no more', async () => {
    const here = world([cold], { a: [slow] })
    const startedAt = here.ambient.now()
    expect(expectError(await here.run()).code).toBe('deadline-exceeded')
    expect(here.requests[0]?.waitsForStart).toBeUndefined()
    expect(here.sent[0]?.remainingMs).toBe(10_000)
    expect(here.ambient.now() - startedAt).toBe(60_000)
  })

  test('P16: is not sent for a key that was revoked meanwhile', async () => {
    const here = world([cold])
    const outcome = await here.run({ isStillGood: () => Promise.resolve(false) })
    expect(expectError(outcome).code).toBe('unauthorized')
    expect([here.sent, here.leases[0]?.isDisposed]).toEqual([[], true])
  })
})

describe('P6: without the pool’s object', () => {
  const local = (grant: string): Say => ({ grant, lease: { isLocal: true, isLearnt: false } })

  test('a request is tried twice', async () => {
    const here = world([local('a'), local('b'), local('c')], { a: [status(500)], b: [status(500)] })
    expect(expectError(await here.run()).code).toBe('upstream-error')
    expect(here.sent).toHaveLength(2)
  })

  test('a request has a second attempt beside one that hangs, and no third', async () => {
    const here = world([local('a'), local('b'), local('c')], { a: [hang], b: [hang] })
    expect(expectError(await here.run()).code).toBe('deadline-exceeded')
    // Of a guess it takes as long as is configured until it is overdue.
    expect(here.sent.map(({ remainingMs }) => remainingMs)).toEqual([60_000, 39_999])
  })
})

test('P14: a backend of another release’s configuration is passed over', async () => {
  const here = world([{ grant: 'unknown' }, b])
  expect(expectValue(await here.run()).backendId).toBe('b')
})

describe('when the body has ended', () => {
  test.each([
    ['served', [{ decoded: true }, { kind: 'served', model: 'sd-v1' }]],
    ['broke-off', [{ decoded: true }, { kind: 'soft', model: 'sd-v1' }]],
    ['client-gone', [{ decoded: true }]],
    ['client-slow', [{ decoded: true }]],
  ] as const)('%s: the pool hears what it shows', async (end, said) => {
    const here = world([a], { a: [serve] })
    expectValue(await here.run()).finish(end)
    expect(here.leases[0]).toMatchObject({ isDisposed: true, said })
  })
})
