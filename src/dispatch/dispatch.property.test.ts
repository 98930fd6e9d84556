/** Whatever the order in which slots, answers, failures, timers and the client's leaving come, nothing stays behind. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Conduct, DispatchWorld, OVERDUE_MS, type Say } from '../../test/support/dispatch-world.ts'
import { seeded } from '../../test/support/seeded.ts'
import { countedFailures } from './retry-policy.ts'

const BACKENDS = ['a', 'b', 'c', 'd'] as const

/** When the first ends, how long after it is overdue the slot comes, and how long after that the second ends. */
const COINCIDENCES = [
  [OVERDUE_MS, 0, 0],
  [OVERDUE_MS + 100, 100, 0],
  [OVERDUE_MS + 100, 0, 100],
  [OVERDUE_MS + 200, 100, 100],
] as const

const moment = fc.oneof(
  // Moments that coincide: attempts are overdue after 1201 ms, texts of errors are waited for until 1000.
  fc.constantFrom(0, 1, 100, 201, 1_000, 1_200, OVERDUE_MS, 1_301, 2 * OVERDUE_MS, 3 * OVERDUE_MS),
  fc.nat(4_000),
)
const conduct: fc.Arbitrary<Conduct> = fc.record({
  afterMs: fc.option(moment, { nil: undefined, freq: 6 }),
  does: fc.constantFrom<Conduct['does'][]>('serve', 'serve', 'refuse', 'stall', 'cut', 429, 413, 500, 401),
  isSilent: fc.boolean(),
}) as fc.Arbitrary<Conduct>

const say: fc.Arbitrary<Say> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ grant: fc.constantFrom(...BACKENDS), afterMs: moment }) },
  {
    weight: 1,
    arbitrary: fc.record({
      refuse: fc.constantFrom('exhausted' as const, 'budget' as const, 'deadline' as const, 'down' as const),
      afterMs: moment,
    }),
  },
)

const story = fc.record({
  says: fc.array(say, { minLength: 1, maxLength: 16 }),
  conducts: fc.array(conduct, { minLength: 1, maxLength: 16 }),
  leavesAfterMs: fc.option(moment, { nil: undefined, freq: 2 }),
  isCrowded: fc.boolean(),
  freeBytes: fc.constantFrom(100_000, 1_200, 300, 0),
})

test('B30, C3, T20: under any interleaving no timer, lease, byte or connection stays behind', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ says, conducts, leavesAfterMs, isCrowded, freeBytes }) => {
      const script = [...conducts]
      const turn = { shift: () => script.shift() ?? { does: 'serve', afterMs: 100 } } as unknown as Conduct[]
      const here = new DispatchWorld([...says], Object.fromEntries(BACKENDS.map((id) => [id, turn])))
      here.ambient.isCrowded = isCrowded
      here.budget.reserve(100_000 - freeBytes)
      const deadlineAt = here.ambient.now() + 20_000
      const outcome = here.start({ deadlineAt })
      if (leavesAfterMs !== undefined) here.ambient.after(leavesAfterMs, () => here.client.abort())
      await here.ambient.pass(60_000)

      const ended = await outcome
      if (ended.ok) {
        // Only the winner's body is still to be sent.
        const held = here.leases.filter(({ isDisposed }) => !isDisposed)
        expect(held.map(({ backendId }) => backendId)).toEqual([ended.value.backendId])
        expect(ended.value.attempts).toBe(here.sent.length)
        ended.value.answer.release()
        ended.value.answer.abort.abort()
        ended.value.finish('served')
      }
      await Promise.all(here.deferred)
      expect(here.ambient.timers).toEqual([])
      expect([...here.open]).toEqual([])
      expect(here.budget.free).toBe(freeBytes)
      expect(here.leases.every(({ isDisposed }) => isDisposed)).toBe(true)

      const failures = here.events.flatMap((event) => (event.kind === 'attempt-failed' ? [event] : []))
      const counted = countedFailures(failures as Parameters<typeof countedFailures>[0])
      // Two at a time, and three that may have cost a decode.
      expect(here.mostOpen).toBeLessThanOrEqual(2)
      expect(here.sent.length - (failures.length - counted.length)).toBeLessThanOrEqual(3)
      // An attempt says one thing of its backend, and every failure was an attempt.
      for (const { said } of here.leases)
        expect(said.filter((said) => 'kind' in said).length).toBeLessThanOrEqual(1)
      expect(failures.length).toBeLessThanOrEqual(here.sent.length)
      // Each attempt is heard of once, however it ended; of a client that had left, one that was never sent as well.
      const heardOf = failures.length + here.events.filter(({ kind }) => kind === 'attempt-ended').length
      expect(heardOf).toBeGreaterThanOrEqual(here.sent.length)
      expect(heardOf).toBeLessThanOrEqual(ended.ok ? here.sent.length : here.leases.length)
    }),
    { ...seeded, numRuns: 3_000 },
  )
}, 60_000)

test('B30: nothing stays behind when both copies end, or one begins, in the same moment', async () => {
  const ends = ['serve', 'refuse', 500] as const
  let [hedged, beaten] = [0, 0]
  for (const first of ends) {
    for (const second of ends) {
      for (const [firstMs, grantMs, secondMs] of COINCIDENCES) {
        for (let hops = 0; hops < 40; hops++) {
          const here = new DispatchWorld(
            [{ grant: 'a' }, { grant: 'b', afterMs: grantMs, hops }, { grant: 'c' }],
            {
              a: [{ does: first, afterMs: firstMs }],
              b: [{ does: second, afterMs: secondMs }],
            },
          )
          here.ambient.isCrowded = true
          const outcome = here.start()
          await here.ambient.pass(10_000)
          const ended = await outcome
          if (!ended.ok) throw new Error('the third backend serves')
          ended.value.answer.release()
          ended.value.finish('served')
          await Promise.all(here.deferred)
          expect([...here.open]).toEqual([])
          expect(here.budget.free).toBe(100_000)
          expect(here.leases.every(({ isDisposed }) => isDisposed)).toBe(true)
          const failures = here.events.filter(({ kind }) => kind === 'attempt-failed').length
          if (here.sent.some(({ backendId }) => backendId === 'b')) hedged++
          else if (here.leases.some(({ backendId }) => backendId === 'b')) beaten++
          // Who was called off has not failed.
          if (ended.value.backendId === 'a') expect(failures).toBeLessThanOrEqual(second === 'serve' ? 0 : 1)
          expect(ended.value.attempts).toBe(here.sent.length)
        }
      }
    }
  }
  // The moments do coincide: sometimes the second copy begins, sometimes its slot comes too late.
  expect(Math.min(hedged, beaten)).toBeGreaterThan(100)
})

test('B5: a request ends by its deadline, whatever its backends do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(conduct, { maxLength: 8 }),
      fc.integer({ min: 1_000, max: 9_000 }),
      async (conducts, ms) => {
        const script = [...conducts]
        const turn = { shift: () => script.shift() ?? { does: 'serve' } } as unknown as Conduct[]
        const backends = ['a', 'b', 'c', 'd']
        const pool = ({ exclude }: { exclude: readonly string[] }): Say => {
          const open = backends.filter((id) => !exclude.includes(id))
          return open[0] ? { grant: open[0] } : { refuse: 'exhausted' }
        }
        const here = new DispatchWorld(pool, Object.fromEntries(backends.map((id) => [id, turn])))
        const deadlineAt = here.ambient.now() + ms
        let endedAt = Number.POSITIVE_INFINITY
        void here.start({ deadlineAt }).then(() => {
          endedAt = here.ambient.now()
        })
        await here.ambient.pass(ms)
        expect(endedAt).toBeLessThanOrEqual(deadlineAt)
      },
    ),
    { ...seeded, numRuns: 300 },
  )
}, 60_000)
