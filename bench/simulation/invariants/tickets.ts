/** I2, I5, I6: each question has one answer, in time, and never a backend that failed it. */
import { MAX_ATTEMPTS } from '../../../src/dispatch/retry-policy.ts'
import type { PoolState } from '../../../src/pool/state.ts'
import { grantsOf, type Invariant } from './observed.ts'

/** I2: who is answered had asked, and has not been answered. */
export const answersOnce: Invariant = ({ actions }, { waiting }) => {
  const answered = new Set<string>()
  for (const action of actions) {
    if (action.kind === 'probe') continue
    if (!waiting.has(action.ticket) || answered.has(action.ticket))
      return `${action.ticket} was answered twice`
    answered.add(action.ticket)
  }
  return undefined
}

/** I2: whoever has no answer yet waits, and nobody else does. Costs a look at the whole queue. */
export const forgetsNobody: Invariant = ({ after, actions }, { waiting }) => {
  const queued = ticketsOf(after)
  const answered = new Set(actions.flatMap((action) => (action.kind === 'probe' ? [] : [action.ticket])))
  for (const ticket of waiting.keys()) {
    if (queued.has(ticket) === answered.has(ticket)) return `${ticket} was forgotten`
  }
  for (const ticket of queued) if (!waiting.has(ticket)) return `${ticket} waits for nobody`
  return undefined
}

const ticketsOf = ({ lanes }: PoolState): Set<string> =>
  new Set(lanes.flatMap(({ jobs }) => jobs.map(({ ticket }) => ticket)))

/** I5: no grant at or after the deadline. */
export const grantsInTime: Invariant = ({ actions, now }, { waiting }) => {
  for (const { ticket } of grantsOf(actions)) {
    const job = waiting.get(ticket)
    if (job && job.deadlineAt <= now) return `${ticket} was granted ${now - job.deadlineAt} ms late`
  }
  return undefined
}

/** Failures that may have cost a decode: what could not be reached, or asked for time, did not. */
const FREE: ReadonlySet<string> = new Set(['unreachable', 'other'])

/** I6: at most three attempts that may cost a decode, none on a backend that shall not have the job. */
export const triesElsewhere: Invariant = ({ actions }, { waiting }) => {
  for (const { ticket, backendId } of grantsOf(actions)) {
    const job = waiting.get(ticket)
    if (job?.exclude.includes(backendId)) return `${ticket} went to ${backendId}, which it excludes`
    const counted = job?.failures.filter(({ signature }) => !FREE.has(signature)) ?? []
    if (counted.length >= MAX_ATTEMPTS) return `${ticket} has failed ${counted.length} times`
  }
  return undefined
}
