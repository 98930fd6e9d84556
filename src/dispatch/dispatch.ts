/** The loop: a slot, an attempt, a judgement; until an answer, or until there is no point in another try. */
import type { Backend } from '../backends/backend.ts'
import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Lease, PoolClient } from '../pool/client.ts'
import type { EventSink } from '../telemetry/events.ts'
import { type Answer, type AttemptOutcome, type AttemptServices, attempt } from './attempt.ts'
import { concludeFailures, concludeRefusal } from './conclude.ts'
import { attemptTimeoutMs } from './deadline.ts'
import { evidenceOf, type Failure } from './failure.ts'
import type { DecodeJob } from './job.ts'
import { excludedBackends, mayRetry, maySecondRound, secondRoundDelayMs } from './retry-policy.ts'

export interface DispatchServices extends AttemptServices {
  readonly pool: PoolClient
  readonly backendOf: (id: string) => Backend | undefined
  readonly minAttemptMs: number
  readonly events: EventSink
}

export interface Dispatched {
  readonly answer: Answer
  /** Held until the body has ended, then told how. */
  readonly lease: Lease
  readonly attempts: number
  /** Time spent waiting for slots. */
  readonly queueMs: number
}

/** @param clientLeft fires when nobody waits for the answer any more */
export async function dispatch(
  job: DecodeJob,
  clientLeft: AbortSignal,
  services: DispatchServices,
): Promise<Result<Dispatched, Problem>> {
  const { ambient, pool, events } = services
  const failures: Failure[] = []
  let round: 1 | 2 = 1
  let queueMs = 0
  for (;;) {
    const askedAt = ambient.now()
    const { model, predictedMs } = job
    const exclude = excludedBackends(failures, round)
    const slot = await pool.acquire(
      { model, predictedMs, remainingMs: job.deadlineAt - askedAt, exclude },
      clientLeft,
    )
    queueMs += ambient.now() - askedAt
    if (!slot.ok) {
      const again = slot.reason === 'exhausted' && round === 1
      if (!again || !maySecondRound(failures, job.deadlineAt - ambient.now())) {
        return err(concludeRefusal(slot, failures))
      }
      round = 2
      await sleep(secondRoundDelayMs(ambient.random()), services)
      continue
    }

    const { lease } = slot
    const startedAt = ambient.now()
    const outcome = await tryBackend(job, lease, clientLeft, services)
    if (outcome.kind === 'answer') {
      return ok({ answer: outcome.answer, lease, attempts: failures.length + 1, queueMs })
    }
    settle(outcome, lease)
    if (outcome.kind === 'client-gone') return err(problem('client-closed-request', 'The client left.'))
    const { reason, backendId } = outcome.failure
    events.emit({ kind: 'attempt-failed', reason, backendId, ms: ambient.now() - startedAt })
    failures.push(outcome.failure)
    if (!mayRetry(failures, job.deadlineAt - ambient.now())) return err(concludeFailures(failures))
  }
}

/** A backend that the pool names and we do not know is one of another release's configuration. */
async function tryBackend(
  job: DecodeJob,
  lease: Lease,
  clientLeft: AbortSignal,
  services: DispatchServices,
): Promise<AttemptOutcome> {
  const backend = services.backendOf(lease.backendId)
  if (!backend) return { kind: 'failure', failure: { reason: 'misconfigured', backendId: lease.backendId } }
  const timeoutMs = attemptTimeoutMs(job, services.minAttemptMs, services.ambient.now())
  return attempt(job, backend, lease, timeoutMs, clientLeft, services)
}

/**
 * Gives the slot back. After a hang, and when the client left, the GPU may still be at it, so the lease is let go
 * of without a word and the pool decides when the slot is free.
 */
function settle(outcome: Exclude<AttemptOutcome, { kind: 'answer' }>, lease: Lease): void {
  if (outcome.kind === 'failure') {
    const evidence = evidenceOf(outcome.failure)
    if (evidence) lease.report(evidence)
    if (outcome.failure.reason !== 'timed-out') lease.free()
  }
  lease[Symbol.dispose]()
}

const sleep = (ms: number, { ambient }: DispatchServices): Promise<void> =>
  new Promise((resolve) => ambient.after(ms, resolve))
