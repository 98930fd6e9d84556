/** The loop: a slot, an attempt, a judgement; until an answer, or until there is no point in another try. */
import { type Problem, problem, unauthorized } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Signal } from '../lib/signal.ts'
import { sleep } from '../lib/sleep.ts'
import type { SlotAnswer } from '../pool/client.ts'
import type { EventSink } from '../telemetry/events.ts'
import type { Answer } from './attempt.ts'
import { concludeFailures, concludeRefusal } from './conclude.ts'
import { Course } from './course.ts'
import { finish } from './finish.ts'
import type { DecodeJob } from './job.ts'
import { type RaceServices, race } from './race.ts'
import type { RelayEnd } from './relay.ts'
import {
  MAX_ATTEMPTS,
  MAX_ATTEMPTS_DEGRADED,
  MAX_ROUNDS,
  mayRetry,
  maySecondRound,
  secondRoundDelayMs,
} from './retry-policy.ts'

export interface DispatchServices extends RaceServices {
  readonly events: EventSink
}

export interface Dispatched {
  readonly answer: Answer
  readonly backendId: string
  /** All that had a part in the answer, in the order of its bytes. */
  readonly backendIds: readonly string[]
  /** Time in which the backend was expected to decode. */
  readonly expectedMs: number
  /** Times that the request was sent to a backend. */
  readonly attempts: number
  /** Time spent waiting for slots. */
  readonly queueMs: number
  /** To be called when the body has ended: gives the slot back and tells the pool. */
  readonly finish: (end: RelayEnd) => void
}

/** A key that was good so shortly before is not asked about again. */
const LONG_MS = 100

/** What became of a question for a slot, and how long that took. */
export interface Asked {
  readonly slot: SlotAnswer
  readonly waitedMs: number
}

/**
 * @param clientLeft fires when nobody waits for the answer any more
 * @param asked the first slot, where it was asked for already
 */
export async function dispatch(
  job: DecodeJob,
  clientLeft: Signal,
  services: DispatchServices,
  asked?: Asked,
): Promise<Result<Dispatched, Problem>> {
  const { ambient, events } = services
  const course = new Course(job, ambient, events)
  const { failures } = course
  let queueMs = 0
  for (let first = asked; ; first = undefined) {
    const { slot, waitedMs } = first ?? (await askForSlot(course, clientLeft, services))
    queueMs += waitedMs
    job.waited?.(waitedMs)
    if (!slot.ok) {
      const isLast = course.round >= MAX_ROUNDS || !maySecondRound(slot.reason, failures, course.remainingMs)
      if (isLast) return err(concludeRefusal(slot, failures))
      course.round++
      await sleep(secondRoundDelayMs(failures, ambient.random()), ambient, clientLeft)
      continue
    }
    if (waitedMs > LONG_MS && !(await job.isStillGood())) {
      slot.lease.free({ decoded: false })
      slot.lease[Symbol.dispose]()
      return err(unauthorized())
    }
    if (slot.lease.waitedForStart) course.restart()
    const outcome = await race(course, slot.lease, clientLeft, services)
    if (outcome.kind === 'answer') {
      const { answer, lease } = outcome
      const { backendId, expectedMs } = lease
      const finishWith = (end: RelayEnd): void => finish(course, lease, answer.timings, end)
      const { attempts } = course
      return ok({
        answer,
        backendId,
        backendIds: [backendId],
        expectedMs,
        attempts,
        queueMs,
        finish: finishWith,
      })
    }
    if (outcome.kind === 'client-gone') return err(problem('client-closed-request', 'The client left.'))
    const most = slot.lease.isLocal ? MAX_ATTEMPTS_DEGRADED : MAX_ATTEMPTS
    if (!mayRetry(failures, course.remainingMs, most - course.calledOff))
      return err(concludeFailures(failures))
  }
}

export async function askForSlot(
  course: Course,
  clientLeft: Signal,
  { ambient, pool }: Pick<DispatchServices, 'ambient' | 'pool'>,
): Promise<Asked> {
  const askedAt = ambient.now()
  const slot = await pool.acquire(course.slotRequest(), clientLeft)
  return { slot, waitedMs: ambient.now() - askedAt }
}
