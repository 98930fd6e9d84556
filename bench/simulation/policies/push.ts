/** Early binding: a choice, the book it is made from, and ejection. */
import type { SlotAnswer } from '../../../src/pool/client.ts'
import type { Flight } from '../model/flight.ts'
import { Book } from './book.ts'
import type { Choice } from './choices.ts'
import { OutlierEjection } from './ejection.ts'
import { EXHAUSTED, NO_HEDGE, plainLease } from './plain-lease.ts'
import { idOf, indexOf, type PolicyFactory } from './policy.ts'

/** @param makeChoice called once per run, for choices that remember */
export const pushPolicy =
  (makeChoice: () => Choice): PolicyFactory =>
  ({ backends, engine, random }) => {
    const book = new Book(backends.length)
    const ejection = new OutlierEjection(backends.length)
    const all = backends.map((_, index) => index)
    const choose = makeChoice()

    const bind = (flight: Flight, backend: number): SlotAnswer => {
      const load = { isolate: flight.isolate, predictedMs: flight.workMs }
      book.sent(load, backend, engine.now)
      const sentAt = engine.now
      const foretold = { startsInMs: 0, expectedMs: load.predictedMs }
      const lease = plainLease(idOf(backend), foretold, {
        ended: (timings) =>
          book.done(load, backend, timings?.decoded ? engine.now - sentAt : null, engine.now),
        reported: ({ kind }) => ejection.learn(backend, kind === 'served', engine.now),
      })
      return { ok: true, lease }
    }

    return {
      patienceMs: Number.POSITIVE_INFINITY,
      slotsFor: (flight) => {
        // To them a backend that asks for time is a failure like any other.
        const tried = new Set<number>()
        const pick = ({ exclude }: { readonly exclude: readonly string[] }): SlotAnswer => {
          for (const id of exclude) tried.add(indexOf(id))
          const able = all.filter((backend) => !tried.has(backend))
          if (able.length === 0) {
            tried.clear()
            return EXHAUSTED
          }
          const healthy = able.filter((backend) => !ejection.isOut(backend, engine.now))
          const load = { isolate: flight.isolate }
          const backend = choose(healthy.length > 0 ? healthy : able, load, book, random, engine.now)
          tried.add(backend)
          return bind(flight, backend)
        }
        return {
          acquire: (wanted) => Promise.resolve(wanted.purpose === 'hedge' ? NO_HEDGE : pick(wanted)),
        }
      },
    }
  }
