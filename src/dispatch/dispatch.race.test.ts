/** An attempt that is overdue, and what runs beside it. */
import { describe, expect, test } from 'vitest'
import { type Conduct, DispatchWorld, OVERDUE_MS, type Say } from '../../test/support/dispatch-world.ts'
import { expectError, expectValue } from '../../test/support/results.ts'

const a: Say = { grant: 'a' }
const b: Say = { grant: 'b' }
const c: Say = { grant: 'c' }
const d: Say = { grant: 'd' }
const none: Say = { refuse: 'exhausted' }
const slow: Conduct = { does: 'serve', afterMs: 1_900 }
const hang: Conduct = { does: 'serve' }
const fail = (code: number, afterMs = 5): Conduct => ({ does: code, afterMs })
const timeout = { kind: 'soft', model: 'sd-v1', isTimeout: true }

const world = (pool: Say[], conducts: Record<string, Conduct[]> = {}) => new DispatchWorld(pool, conducts)

/** When each question was asked and each attempt sent, in milliseconds since the request came. */
const askedAt = ({ requests }: DispatchWorld): number[] =>
  requests.map(({ remainingMs }) => 60_000 - remainingMs)
const sentAt = ({ sent }: DispatchWorld): (string | number)[][] =>
  sent.map(({ backendId, remainingMs }) => [backendId, 60_000 - remainingMs])

/** Nothing is left of the request but what its client is still to be sent. */
async function expectNothingBehind(here: DispatchWorld): Promise<void> {
  await Promise.all(here.deferred)
  expect([here.ambient.timers, [...here.open], here.budget.free]).toEqual([[], [], 100_000])
  expect(here.leases.every(({ isDisposed }) => isDisposed)).toBe(true)
}

describe('B30: an attempt that is overdue', () => {
  test('has a second one beside it, which may win', async () => {
    const here = world([a, b], { a: [slow] })
    const { backendId, attempts, finish, answer } = expectValue(await here.run())
    expect([backendId, attempts]).toEqual(['b', 2])
    expect(sentAt(here)).toEqual([
      ['a', 0],
      ['b', OVERDUE_MS],
    ])
    expect(here.requests[1]).toMatchObject({ purpose: 'hedge', exclude: ['a'], failures: [] })
    expect(here.requests[1]?.ticket).not.toBe(here.requests[0]?.ticket)
    finish('served')
    answer.release()
    await expectNothingBehind(here)
  })

  test('B5: and is given up for another is reported as a hang, and its slot drains', async () => {
    const here = world([a, b], { a: [hang] })
    expectValue(await here.run()).finish('served')
    expect(here.leases[0]).toMatchObject({ isFree: false, isDisposed: true, said: [timeout] })
    // It has not failed the request, so that the one that served it does not speak against it.
    expect(here.leases[1]?.said.at(-1)).toEqual({ kind: 'served', model: 'sd-v1' })
    expect(here.events.map(({ kind }) => kind)).toEqual(['attempt-ended', 'attempt-ended'])
  })

  test('may win itself, and calls the other off, of which that says nothing', async () => {
    const here = world([a, b], { a: [slow], b: [hang] })
    const { backendId, attempts, finish, answer } = expectValue(await here.run())
    expect([backendId, attempts]).toEqual(['a', 2])
    expect(here.leases[1]).toMatchObject({ isFree: false, isDisposed: true, said: [] })
    finish('served')
    answer.release()
    await expectNothingBehind(here)
  })

  test('goes on where the pool has no other, and the pool is asked again after the same time', async () => {
    const here = world([a, none, { refuse: 'budget' }, b], { a: [hang] })
    expect(expectValue(await here.run()).backendId).toBe('b')
    expect(askedAt(here)).toEqual([0, OVERDUE_MS, 2 * OVERDUE_MS, 3 * OVERDUE_MS])
  })

  test('goes on while the pool has others waiting, and is served if it answers meanwhile', async () => {
    const here = world([a, { ...b, afterMs: 30_000 }], { a: [{ does: 'serve', afterMs: 20_000 }] })
    const { backendId, attempts, answer, finish } = expectValue(await here.run())
    expect([backendId, attempts, here.requests.length]).toEqual(['a', 1, 2])
    answer.release()
    finish('served')
    await expectNothingBehind(here)
  })

  test('B5: and alone is waited for until the deadline', async () => {
    const here = world([a], { a: [{ does: 'serve', afterMs: 59_000 }] })
    expect(expectValue(await here.run()).attempts).toBe(1)
  })

  test('P11: stays alone while there is no memory for a second copy', async () => {
    const here = world([a, b], { a: [hang] })
    const release = here.budget.reserve(99_500)
    here.ambient.after(3_000, () => release?.())
    expect(expectValue(await here.run()).backendId).toBe('b')
    expect(askedAt(here)).toEqual([0, 3 * OVERDUE_MS])
  })

  test('T20: has one beside it at a time, of three attempts; the third calls off the oldest', async () => {
    const here = world([a, b, c, d], { a: [hang], b: [hang], c: [hang] })
    const outcome = here.start()
    await here.ambient.pass(2 * OVERDUE_MS)
    expect([...here.open].map((connection) => connection.charAt(0))).toEqual(['b', 'c'])
    expect(here.requests[2]).toMatchObject({ purpose: 'hedge', exclude: ['a', 'b'] })
    expect(here.leases[0]).toMatchObject({ isFree: false, isDisposed: true, said: [timeout] })
    await here.ambient.pass(60_000)
    expect(expectError(await outcome).code).toBe('deadline-exceeded')
    expect([here.mostOpen, here.sent.length, here.requests.length]).toEqual([2, 3, 3])
    await expectNothingBehind(here)
  })

  test('T20: and was called off was an attempt, so after two more that fail there is no fourth', async () => {
    const here = world([a, b, c, d], { a: [hang], b: [fail(500, 2_000)], c: [fail(502, 1_000)] })
    expect(expectError(await here.run()).code).toBe('upstream-error')
    expect(here.sent).toHaveLength(3)
  })

  test('B1, B19, T20: may be after others that cost nothing', async () => {
    const here = world([a, b, c, d], {
      a: [{ does: 'refuse', afterMs: 1 }],
      b: [fail(429)],
      c: [hang],
    })
    expect(expectValue(await here.run())).toMatchObject({ backendId: 'd', attempts: 4 })
    expect(here.requests.at(-1)?.purpose).toBe('hedge')
  })

  test('B1: is overdue still when the second one cannot be reached', async () => {
    const here = world([a, b, c], { a: [hang], b: [{ does: 'refuse', afterMs: 1 }] })
    expect(expectValue(await here.run()).backendId).toBe('c')
    expect(here.requests[2]).toMatchObject({ purpose: 'hedge', exclude: ['b', 'a'] })
  })

  test('B33: and fails in the end is to blame where the second one serves', async () => {
    const here = world([a, b], { a: [fail(500, 1_250)] })
    expectValue(await here.run()).finish('served')
    expect(here.leases[1]?.said.at(-1)).toEqual({ kind: 'served', model: 'sd-v1', instead: ['a'] })
  })

  test('and fails is told with both', async () => {
    const here = world([a, b, none], { a: [fail(500, 1_500)], b: [fail(413)] })
    const { code, detail } = expectError(await here.run())
    expect([code, detail]).toEqual(['upstream-error', expect.stringContaining('(2 attempts)')])
    expect(here.requests[2]?.exclude.toSorted()).toEqual(['a', 'b'])
  })

  test('B6: and stands still in its body for two seconds is one failure', async () => {
    const here = world([a, { ...b, afterMs: 5_000 }, c], { a: [{ does: 'stall', afterMs: 100 }] })
    expect(expectValue(await here.run()).backendId).toBe('c')
    expect(here.requests.map(({ purpose }) => purpose)).toEqual(['first', 'hedge', 'retry'])
    expect(here.leases[0]?.said).toMatchObject([{ decoded: true }, timeout])
  })

  test('C3: of a client that leaves ends with the one beside it', async () => {
    const here = world([a, b], { a: [hang], b: [hang] })
    const outcome = here.start()
    await here.ambient.pass(OVERDUE_MS + 50)
    expect(here.open.size).toBe(2)
    here.client.abort()
    await here.ambient.pass(0)
    expect(expectError(await outcome).code).toBe('client-closed-request')
    await expectNothingBehind(here)
  })

  test('C3: of a client that leaves asks no more', async () => {
    const here = world([a, { ...b, afterMs: 5_000 }], { a: [hang] })
    const outcome = here.start()
    await here.ambient.pass(OVERDUE_MS + 50)
    here.client.abort()
    await here.ambient.pass(0)
    expect(expectError(await outcome).code).toBe('client-closed-request')
    await expectNothingBehind(here)
    expect(here.leases).toHaveLength(1)
  })
})

test('B5: an attempt that starts later is overdue later', async () => {
  const here = world([{ grant: 'a', lease: { startsInMs: 700, expectedMs: 1_500, deviationMs: 500 } }, b], {
    a: [hang],
  })
  await here.run()
  expect(sentAt(here)[1]).toEqual(['b', 1 + 700 + 1_500 + 2_000])
})
