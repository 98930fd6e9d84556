/**
 * Asks for the caller's share and reads the body meanwhile: whichever takes longer is all that it costs. The latent is
 * looked into then.
 */
import { isOurs, type Problem } from '../errors/problem.ts'
import type { Warning } from '../inspection/codes.ts'
import { inspect } from '../inspection/inspect.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { Trigger } from '../lib/signal.ts'
import type { Place } from '../limits/place.ts'
import type { Quota } from '../limits/protocol.ts'
import { refusalProblem } from '../limits/refusal.ts'
import type { Span } from '../telemetry/server-timing.ts'
import type { Caller } from './authenticate.ts'
import type { Services } from './context.ts'
import type { DecodeOrder } from './decode-order.ts'
import { readLatent } from './read-body.ts'

export interface Admitted {
  readonly body: ArrayBuffer
  /** Gives the bytes back to the isolate's budget. */
  readonly release: () => void
  /** In the caller's concurrency; to be disposed of when the request is over. */
  readonly place: Place
  readonly quotas: readonly Quota[]
  /** What looks wrong about the latent. */
  readonly warnings: readonly Warning[]
}

/**
 * A caller that is refused has its upload cut short. What is refused or fails holds no place and no bytes.
 *
 * @param inHand the latent, when it came in JSON
 */
export async function admit(
  request: Request,
  inHand: ArrayBuffer | undefined,
  caller: Caller,
  { model, query, megapixels, bodyBytes }: DecodeOrder,
  { ambient, config, limits, budget }: Services,
  spans: Partial<Record<Span, number>>,
): Promise<Result<Admitted, Problem>> {
  const startedAt = ambient.now()
  const refused = new Trigger()
  const asked = limits.admit(caller.account, caller.plan, { model: model.id, megapixels }).then((verdict) => {
    spans.limit = ambient.now() - startedAt
    if (!verdict.ok) refused.abort()
    return verdict
  })
  const upload = await readLatent(request, inHand, bodyBytes, budget, ambient, refused)
  spans.upload = ambient.now() - startedAt
  const verdict = await asked
  if (!verdict.ok) {
    if (upload.ok) upload.value.release()
    return err(refusalProblem(verdict, ambient.random()))
  }
  const { place, quotas } = verdict
  if (!upload.ok) return giveUp(place, upload.error)
  const inspected = inspect(upload.value.body, query, model, config.models.all)
  if (inspected.ok) return ok({ ...upload.value, place, quotas, warnings: inspected.value })
  upload.value.release()
  return giveUp(place, inspected.error)
}

function giveUp(place: Place, why: Problem): Result<never, Problem> {
  close(place, isOurs(why))
  return err(why)
}

/** The request is over. */
export function close(place: Place, hasFailed: boolean): void {
  if (hasFailed) place.refund()
  place[Symbol.dispose]()
}
