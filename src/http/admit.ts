/**
 * Asks for the caller's share while the beginning of the body is read: whichever takes longer is all that it costs. Who is
 * over a limit has no more than that held. What the body holds is looked into then.
 */
import { isOurs, type Problem } from '../errors/problem.ts'
import type { Warning } from '../inspection/codes.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Place } from '../limits/place.ts'
import type { Quota } from '../limits/protocol.ts'
import { refusalProblem } from '../limits/refusal.ts'
import type { Spans } from '../telemetry/server-timing.ts'
import type { Caller } from './authenticate.ts'
import type { Services } from './context.ts'
import { type Intake, PIECE_BYTES } from './intake.ts'
import { checkRoom, readBody } from './read-body.ts'
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

/** What is refused or fails holds no place and no bytes; of a caller that is refused no more is taken. */
export async function admit(
  request: Request,
  taken: Taken,
  caller: Caller,
  begin: () => Intake,
  { ambient, limits, budget }: Services,
  spans: Spans,
): Promise<Result<Admitted, Problem>> {
  const { model, megapixels, bodyBytes } = taken.order
  const tooLarge = taken.inHand ? undefined : checkRoom(bodyBytes, budget)
  if (tooLarge) return err(tooLarge)
  const what = { model: model.id, megapixels }
  const known = limits.recall(caller.account, what)
  if (known) return err(refusalProblem(known, ambient.random()))
  const startedAt = ambient.now()
  const asked = limits.admit(caller.account, caller.plan, what).then((verdict) => {
    spans.limit = ambient.now() - startedAt
    return verdict
  })
  const { headers } = request
  // A client that waits to be told to go on sends nothing in vain.
  if (headers.has('expect')) await asked
  const intake = taken.inHand ? undefined : (taken.begun ?? begin())
  // What comes in one piece is read meanwhile. More is only let in when that is allowed.
  const first = intake?.fill(Math.min(bodyBytes, PIECE_BYTES))
  const verdict = await asked
  if (!verdict.ok) {
    intake?.giveUp()
    return err(refusalProblem(verdict, ambient.random()))
  }
  const { place, quotas } = verdict
  await first
  const upload = taken.inHand ? ok(taken.inHand) : await readBody(headers, intake ?? begin(), bodyBytes)
  spans.upload = ambient.now() - startedAt
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
