/** What an operator sees of the pools and does with their backends. */
import { type Problem, problem } from '../errors/problem.ts'
import type { Ambient } from '../lib/ambient.ts'
import { answerWithin } from '../lib/answer.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ProbeResult } from '../pool/events.ts'
import type { Membership, PoolRef } from '../pool/membership.ts'
import type { PoolStatus } from '../pool/protocol.ts'
import { reportBackend } from './backend-report.ts'
import type { BackendStatus, Order, OrderedBackend, PoolReport } from './contract.ts'

/** An object that is there answers in less. */
const PATIENCE_MS = 1_000

/** An order is kept elsewhere too before it is confirmed. */
const ORDER_PATIENCE_MS = 4_000

/** A probe may wait for a decode; one that takes longer goes on unheard. */
const PROBE_PATIENCE_MS = 10_000

/** What we use of the stub of a pool's object. */
export interface PoolControl {
  status(): Promise<PoolStatus>
  operate(backendId: string, order: Order): Promise<void>
  examine(backendId: string): Promise<ProbeResult | null>
}

export interface PoolDeskParts {
  readonly membership: Membership
  readonly controlOf: (pool: PoolRef) => PoolControl
  readonly ambient: Pick<Ambient, 'wallNow' | 'after'>
}

export class PoolDesk {
  readonly #parts: PoolDeskParts

  constructor(parts: PoolDeskParts) {
    this.#parts = parts
  }

  /** Of every pool; one that does not answer is reported as that. */
  report(): Promise<PoolReport[]> {
    return Promise.all(this.#parts.membership.pools.map((pool) => this.#report(pool)))
  }

  /** @returns the backend as it is after the order */
  async order(backendId: string, order: Order): Promise<Result<OrderedBackend, Problem>> {
    const { membership, controlOf, ambient } = this.#parts
    const pool = membership.pools.find(({ name }) =>
      membership.membersOf(name).some(({ id }) => id === backendId),
    )
    if (!pool) return err(problem('unknown-backend', 'Expected the id of a backend that serves a model.'))
    const control = controlOf(pool)
    const found = order === 'probe' ? await this.#probe(control, backendId) : null
    if (order !== 'probe') {
      const taken = await answerWithin(control.operate(backendId, order), ORDER_PATIENCE_MS, ambient)
      if (!taken.ok) return err(unavailable(taken.error))
    }
    const { isReachable, backends: reports } = await this.#report(pool)
    const backend = reports.find(({ id }) => id === backendId)
    if (!isReachable || !backend) return err(unavailable('failed'))
    return ok({ ...backend, found })
  }

  async #probe(control: PoolControl, backendId: string): Promise<OrderedBackend['found']> {
    const found = await answerWithin(control.examine(backendId), PROBE_PATIENCE_MS, this.#parts.ambient)
    if (found.ok) return found.value
    return found.error === 'late' ? 'pending' : null
  }

  async #report(pool: PoolRef): Promise<PoolReport> {
    const { controlOf, ambient, membership } = this.#parts
    const heard = await answerWithin(controlOf(pool).status(), PATIENCE_MS, ambient)
    const members = membership.membersOf(pool.name)
    const now = ambient.wallNow()
    const status = heard.ok ? heard.value : undefined
    const backends = members.map(
      (member): BackendStatus =>
        reportBackend(
          member,
          status?.backends.find(({ id }) => id === member.id),
          now,
        ),
    )
    return {
      name: pool.name,
      shard: pool.shard ?? null,
      models: [...new Set(members.flatMap(({ models }) => models))],
      isReachable: status !== undefined,
      queued: status?.queued ?? 0,
      // An object of the release before does not say.
      waitMs: Math.round(status?.waitMs ?? 0),
      backends,
    }
  }
}

function unavailable(why: 'late' | 'failed'): Problem {
  const detail =
    why === 'late'
      ? 'The object of its pool was silent for seconds; the order may have arrived.'
      : 'The object of its pool cannot be reached.'
  return problem('pool-unavailable', detail, { retryAfterSeconds: 1 })
}
