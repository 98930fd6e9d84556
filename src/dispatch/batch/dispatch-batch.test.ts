/** Batches against a pool and backends that do as they are told. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Conduct, DispatchWorld, type Say } from '../../../test/support/dispatch-world.ts'
import { expectError, expectValue } from '../../../test/support/results.ts'
import { seeded } from '../../../test/support/seeded.ts'
import type { SlotRequest } from '../../pool/client.ts'

const IDS = ['a', 'b', 'c', 'd'] as const
const BYTES = 192

/** Grants the first backend that is not excluded, and says that the others are idle. */
const idlePool = ({ exclude, predictedMs }: SlotRequest): Say => {
  const [grant, ...idle] = IDS.filter((id) => !exclude.includes(id))
  return grant ? { grant, lease: { idle, expectedMs: predictedMs } } : { refuse: 'exhausted' }
}

const finishAll = async (here: DispatchWorld): Promise<void> => {
  await Promise.all(here.deferred)
  expect(here.leases.every(({ isDisposed }) => isDisposed)).toBe(true)
  expect(here.ambient.timers).toEqual([])
  expect([...here.open]).toEqual([])
  expect(here.budget.free).toBe(100_000)
}

describe('a batch', () => {
  test('takes a slot of each idle backend, once, and is one answer', async () => {
    const here = new DispatchWorld(idlePool, {})
    const { answer, attempts, backendIds, finish } = expectValue(await here.run(here.batchOf(8)))
    expect(backendIds).toEqual(['a', 'b', 'c', 'd'])
    expect(attempts).toBe(4)
    expect(here.requests.map(({ purpose }) => purpose)).toEqual(['first', 'part', 'part', 'part'])
    expect(here.requests.map(({ predictedMs }) => predictedMs)).toEqual([1_600, 400, 400, 400])
    expect(answer.beginning).toHaveLength(4 * BYTES)
    answer.release()
    finish('served')
    await finishAll(here)
    expect(here.leases.map(({ said }) => said.at(-1))).toEqual(
      IDS.map(() => ({ kind: 'served', model: 'sd-v1' })),
    )
  })

  test('tells each lease what it is for', async () => {
    const sizes: number[] = []
    const resize = (predictedMs: number): void => void sizes.push(predictedMs)
    const here = new DispatchWorld(
      (request) => ({ ...(idlePool(request) as { grant: string }), lease: { idle: ['b'], resize } }),
      {},
    )
    const { answer, finish } = expectValue(await here.run({ ...here.batchOf(5) }))
    expect(sizes.toSorted()).toEqual([400, 600])
    answer.release()
    finish('served')
    await finishAll(here)
  })

  test('makes do with the slots that it gets', async () => {
    const here = new DispatchWorld(
      (request) =>
        request.purpose === 'part' && !request.exclude.includes('c')
          ? { refuse: 'queue-full' }
          : idlePool(request),
      {},
    )
    const { backendIds, answer, finish } = expectValue(await here.run(here.batchOf(6)))
    expect(backendIds).toEqual(['a', 'b', 'd'])
    answer.release()
    finish('served')
    await finishAll(here)
  })

  test('waits half a second for a pool that says nothing of further slots', async () => {
    const here = new DispatchWorld(
      (request) => (request.purpose === 'part' ? { grant: 'b', afterMs: 9_000 } : idlePool(request)),
      {},
    )
    const startedAt = here.ambient.now()
    const { backendIds, answer, finish } = expectValue(await here.run(here.batchOf(6)))
    expect(backendIds).toEqual(['a'])
    expect(here.ambient.now() - startedAt).toBeLessThan(1_000)
    answer.release()
    finish('served')
    await finishAll(here)
  })

  test('that is too long for its deadline is tried in halves', async () => {
    const here = new DispatchWorld(
      (request) => (request.predictedMs > 500 ? { refuse: 'deadline' } : { grant: 'a' }),
      {},
    )
    const { attempts, answer, finish } = expectValue(await here.run(here.batchOf(8)))
    expect(attempts).toBe(4)
    expect(answer.beginning).toHaveLength(4 * BYTES)
    answer.release()
    finish('served')
    await finishAll(here)
  })

  test('B18: whose backends had to start has its time from then on, in all of its parts', async () => {
    const here = new DispatchWorld(
      ({ exclude, predictedMs }, { requests }) => {
        const waitedForStart = requests.length === 1
        const [grant = 'a', ...idle] = IDS.filter((id) => !exclude.includes(id))
        const lease = { idle, expectedMs: predictedMs, waitedForStart }
        return { grant, lease, afterMs: waitedForStart ? 70_000 : 0 }
      },
      { b: [{ does: 500, afterMs: 5 }] },
    )
    const deadlines = { deadlineMs: 60_000, deadlineAt: here.ambient.now() + 60_000 }
    const { backendIds, answer, finish } = expectValue(await here.run({ ...here.batchOf(4), ...deadlines }))
    expect(backendIds).toEqual(['a', 'a', 'c', 'd'])
    expect(here.sent.map(({ remainingMs }) => remainingMs)).toEqual([60_000, 60_000, 60_000, 60_000, 59_995])
    answer.release()
    finish('served')
    await finishAll(here)
  })

  test('is refused as a whole when one part cannot be served, and the others are called off', async () => {
    const here = new DispatchWorld(
      (request, { requests }) => (requests.length > 4 ? { refuse: 'exhausted' } : idlePool(request)),
      { b: [{ does: 401, afterMs: 50 }], c: [{ does: 'serve', afterMs: 10 }], d: [{ does: 'serve' }] },
    )
    const outcome = await here.run(here.batchOf(4))
    expect(expectError(outcome).code).toBe('upstream-misconfigured')
    await finishAll(here)
  })

  test('of which only the first is answered goes out as one latent', async () => {
    const here = new DispatchWorld(idlePool, {})
    const { answer, attempts, finish } = expectValue(await here.run(here.batchOf(4, 'first')))
    expect(attempts).toBe(1)
    expect(here.requests.map(({ predictedMs }) => predictedMs)).toEqual([200])
    answer.release()
    finish('served')
    await finishAll(here)
  })
})

test('whatever becomes of its parts, nothing of a batch stays behind', async () => {
  const conduct = fc.record({
    afterMs: fc.constantFrom(0, 100, 700, 1_300),
    does: fc.constantFrom<Conduct['does'][]>('serve', 'serve', 'serve', 'refuse', 'cut', 429, 500, 401),
  })
  const story = fc.record({
    count: fc.integer({ min: 1, max: 9 }),
    conducts: fc.array(conduct, { maxLength: 20 }),
    refusals: fc.array(fc.option(fc.constantFrom('deadline' as const, 'down' as const), { freq: 1 }), {
      maxLength: 8,
    }),
    leavesAfterMs: fc.option(fc.constantFrom(0, 1, 99, 100, 600, 1_200), { nil: undefined, freq: 2 }),
    freeBytes: fc.constantFrom(100_000, 4_000, 700, 0),
  })
  let served = 0
  await fc.assert(
    fc.asyncProperty(story, async ({ count, conducts, refusals, leavesAfterMs, freeBytes }) => {
      const script = [...conducts]
      const says = [...refusals]
      const turn = { shift: () => script.shift() ?? { does: 'serve', afterMs: 100 } } as unknown as Conduct[]
      const here = new DispatchWorld(
        (request) => {
          const refuse = says.shift()
          return refuse ? { refuse } : idlePool(request)
        },
        Object.fromEntries(IDS.map((id) => [id, turn])),
      )
      const release = here.budget.reserve(100_000 - freeBytes)
      const outcome = here.start(here.batchOf(count))
      if (leavesAfterMs !== undefined) here.ambient.after(leavesAfterMs, () => here.client.abort())
      await here.ambient.pass(60_000)
      const ended = await outcome
      if (ended.ok) {
        served++
        const { answer, attempts, finish } = ended.value
        expect(attempts).toBeLessThanOrEqual(here.sent.length)
        answer.release()
        answer.abort.abort()
        finish('client-gone')
      }
      release?.()
      await finishAll(here)
    }),
    { ...seeded, numRuns: 1_000 },
  )
  expect(served).toBeGreaterThan(200)
}, 60_000)
