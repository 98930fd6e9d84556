/** The pool beside a second, simpler one that keeps the same basic rules: both shall say the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backend, job, pool, START, TestPool } from '../../test/support/pool.ts'
import { ReferencePool } from '../../test/support/reference-pool.ts'
import { seeded } from '../../test/support/seeded.ts'

const IDS = ['a', 'b', 'c']
const MODELS = ['sdxl', 'flux']
/** Too short to be waited for, and no decode is predicted to end at the moment when something happens. */
const PREDICTED_MS = 0.001

const members = fc
  .array(
    fc.record({
      models: fc.uniqueArray(fc.constantFrom(...MODELS), { minLength: 1 }),
      slots: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: IDS.length },
  )
  .map((all) => all.map((settings, index) => ({ ...settings, id: IDS[index] as string })))

const commands = fc.record({
  // Leases and jobs outlive what happens here, but for those whose deadline passes.
  ms: fc.integer({ min: 1, max: 20 }),
  kind: fc.constantFrom('acquire', 'acquire', 'acquire', 'again', 'cancel', 'end', 'end', 'tick'),
  which: fc.nat({ max: 40 }),
  model: fc.constantFrom(...MODELS, 'unserved'),
  patienceMs: fc.constantFrom(-5, 0, 30, 400, 30_000),
  exclude: fc.uniqueArray(fc.constantFrom(...IDS), { maxLength: 2 }),
})

test('slots, deadlines, exclusion and the order of a key are those of the plain rules', () => {
  fc.assert(
    fc.property(members, fc.array(commands, { maxLength: 200, size: 'max' }), (settings, history) => {
      const one = new TestPool()
      const times = { ...backend('a').times, deadMs: 0 }
      // A pool that has just begun sends no job ahead.
      one.state = pool(
        settings.map((each) => backend(each.id, { ...each, times })),
        { startedAt: START + 1e9 },
      )
      const reference = new ReferencePool(settings)
      for (const [index, { kind, ms, which, model, patienceMs, exclude }] of history.entries()) {
        one.now += ms
        const { now } = one
        const asked = job(`t${index}`, {
          model,
          exclude,
          predictedMs: PREDICTED_MS,
          enqueuedAt: now,
          deadlineAt: now + patienceMs,
        })
        const waiting = reference.queued[which % Math.max(1, reference.queued.length)]
        const id = IDS[which % IDS.length] as string
        switch (kind) {
          case 'acquire':
            expect(one.step({ kind, job: asked })).toEqual(reference.acquire(asked, now))
            break
          case 'again': {
            const again = { ...asked, ...waiting, enqueuedAt: now }
            expect(one.step({ kind: 'acquire', job: again })).toEqual(reference.acquire(again, now))
            break
          }
          case 'cancel': {
            const ticket = waiting?.ticket ?? 'unheard-of'
            expect(one.step({ kind, ticket })).toEqual(reference.cancel(ticket, now))
            break
          }
          case 'end': {
            const held = one.state.backends.find((each) => each.id === id)?.leases[0]
            const event = { backendId: id, leaseId: held?.id ?? 0 }
            expect(one.step({ kind: 'free', ...event, decoded: false })).toEqual(reference.end(id, now))
            break
          }
          default:
            expect(one.step({ kind: 'tick' })).toEqual(reference.tick(now))
        }
        expect(one.queued.toSorted()).toEqual(reference.queued.map(({ ticket }) => ticket).toSorted())
      }
    }),
    { ...seeded, numRuns: 300 },
  )
})
