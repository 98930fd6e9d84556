/**
 * Asks for the caller's share and reads the body meanwhile: whichever takes longer is all that it costs. What it holds is
 * looked into then.
 */
import { isOurs, type Problem } from '../errors/problem.ts'
import type { Warning } from '../inspection/codes.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { Trigger } from '../lib/signal.ts'
import type { Place } from '../limits/place.ts'
import type { Quota } from '../limits/protocol.ts'
import { refusalProblem } from '../limits/refusal.ts'
import type { Spans } from '../telemetry/server-timing.ts'
import type { Caller } from './authenticate.ts'
import type { Services } from './context.ts'
import { readBody } from './read-body.ts'
import type { Taken } from './taken.ts'

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

/** A caller that is refused has its upload cut short. What is refused or fails holds no place and no bytes. */
export async function admit(
  request: Request,
  taken: Taken,
  caller: Caller,
  { ambient, limits, budget }: Services,
  spans: Spans,
): Promise<Result<Admitted, Problem>> {
  const { model, megapixels, bodyBytes } = taken.order
  const startedAt = ambient.now()
  const refused = new Trigger()
  const asked = limits.admit(caller.account, caller.plan, { model: model.id, megapixels }).then((verdict) => {
    spans.limit = ambient.now() - startedAt
    if (!verdict.ok) refused.abort()
    return verdict
  })
  const upload = await readBody(request, taken, bodyBytes, budget, ambient, refused)
  spans.upload = ambient.now() - startedAt
  const verdict = await asked
  if (!verdict.ok) {
    if (upload.ok) upload.value.release()
    return err(refusalProblem(verdict, ambient.random()))
  }
  const { place, quotas } = verdict
  if (!upload.ok) return giveUp(place, upload.error)
  const inspected = taken.inspect(upload.value.body)
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
