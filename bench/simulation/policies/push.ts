/** Early binding: a choice, the book it is made from, and ejection. */
import type { Attempt, Question } from '../model/flight.ts'
import { Book } from './book.ts'
import type { Choice } from './choices.ts'
import { OutlierEjection } from './ejection.ts'
import type { Policy, PolicyFactory } from './policy.ts'

/** @param makeChoice called once per run, for choices that remember */
export const pushPolicy =
  (name: string, makeChoice: () => Choice): PolicyFactory =>
  (host) => {
    const count = host.backends.length
    const book = new Book(count)
    const ejection = new OutlierEjection(count)
    const all = Array.from({ length: count }, (_, index) => index)
    const choose = makeChoice()

    const done = ({ flight, backend }: Attempt, latencyMs: number | null): void =>
      book.done(flight, backend, latencyMs, host.engine.now)

    const policy: Policy = {
      name,
      isCentral: false,
      knowsPauses: false,
      acquire(question: Question) {
        const { flight } = question
        const { now } = host.engine
        const able = all.filter((backend) => !flight.excluded.includes(backend))
        if (able.length === 0) return host.refused(question, 'exhausted', 0)
        const healthy = able.filter((backend) => !ejection.isOut(backend, now))
        const backend = choose(healthy.length > 0 ? healthy : able, flight, book, host.random, now)
        book.sent(flight, backend, now)
        host.granted(question, {
          backend,
          leaseId: 0,
          startsInMs: 0,
          expectedMs: flight.predictedMs,
          isLearnt: false,
        })
      },
      cancel() {},
      free: (attempt, { attemptMs }) => done(attempt, attemptMs),
      abandon: (attempt) => done(attempt, null),
      renew() {},
      report({ backend }, { kind }) {
        ejection.learn(backend, kind === 'served', host.engine.now)
      },
      probed() {},
    }
    return policy
  }
