/** Life of a decode request, in the order it happens. */
import { dispatch } from '../../dispatch/dispatch.ts'
import { relay } from '../../dispatch/relay.ts'
import { backendPatience } from '../../dispatch/stall.ts'
import { problemKind } from '../../errors/codes.ts'
import { isOurs, type Problem, problem, problemResponse } from '../../errors/problem.ts'
import { shared } from '../../lib/signal.ts'
import { allowsModel } from '../../models/allow-list.ts'
import type { Span } from '../../telemetry/server-timing.ts'
import { admit, close } from '../admit.ts'
import { answerHeaders } from '../answer-headers.ts'
import { authenticate, type Caller } from '../authenticate.ts'
import type { AppContext } from '../context.ts'
import { type DecodeOrder, readOrder } from '../decode-order.ts'
import { checkPresentation, presentDispatched } from '../present.ts'
import { checkUpload } from '../read-body.ts'
import { readDeadline } from '../read-deadline.ts'
import { readForm } from '../read-form.ts'

/** @param impliesDecode whether the path itself says decode, or shares its URL with encode */
export const decode =
  (impliesDecode: boolean) =>
  (c: AppContext): Promise<Response> => {
    const served = serve(c, impliesDecode)
    // A client that resets takes the context of its request with it, unless something is still to be waited for:
    // then slots are handed back, stubs let go of and the line of the log is written as for any other end.
    c.var.services.defer(served.catch(() => undefined))
    return served
  }

async function serve(c: AppContext, impliesDecode: boolean): Promise<Response> {
  const { services, startedAt, requestId } = c.var
  const { ambient, events, config, served } = services
  const request = c.req.raw
  const spans: Partial<Record<Span, number>> = {}
  let caller: Caller | undefined
  let order: DecodeOrder | undefined
  const fail = (why: Problem): Response => {
    const { status } = problemKind(why.code)
    const known = { ...(caller && { keyId: caller.keyId }), ...(order && { model: order.model.id }) }
    const ms = ambient.now() - startedAt
    events.emit({ kind: 'decode', status, code: why.code, ...known, ms })
    return problemResponse(why, requestId)
  }

  const authenticated = await authenticate(request, c.req.param('key'), services, startedAt)
  if (!authenticated.ok) return fail(authenticated.error)
  caller = authenticated.value
  spans.auth = ambient.now() - startedAt

  const form = await readForm(request, services.budget, ambient)
  if (!form.ok) return fail(form.error)
  const { params, latent } = form.value
  // Encode requests have no JSON.
  const isDecode = impliesDecode || latent !== undefined
  const accept = c.req.header('accept')
  const read = readOrder(params, accept, c.req.param('model'), served, isDecode, config.models)
  if (!read.ok) return fail(read.error)
  order = read.value
  const { model, expected, maxAnswerBytes, predictedMs } = order
  if (!allowsModel(caller.plan.models, model.id))
    return fail(problem('forbidden', `The plan of this key leaves out ${model.id}.`))
  const deadline = readDeadline(request.headers, config.dispatch.deadlineMs)
  if (!deadline.ok) return fail(deadline.error)
  const { commitBytes } = config.dispatch
  const unacceptable = checkPresentation(order, commitBytes) ?? checkUpload(request.headers, latent, order)
  if (unacceptable) return fail(unacceptable)

  const admitted = await admit(request, latent, caller, order, services, spans)
  if (!admitted.ok) return fail(admitted.error)
  const { body, release, place, quotas, warnings } = admitted.value
  const uploadedAt = ambient.now()

  const left = shared(request.signal)
  const job = {
    key: caller.account,
    model: model.id,
    query: order.upstreamQuery,
    body,
    expected,
    maxAnswerBytes,
    predictedMs,
    deadlineAt: uploadedAt + deadline.value,
    isStillGood: () => place.isGood(),
  }
  const dispatched = await dispatch(job, left, services.dispatch).finally(release)
  const presented = presentDispatched(dispatched, order, services.budget, commitBytes)
  if (!presented.ok) {
    close(place, isOurs(presented.error))
    return fail(presented.error)
  }
  const { answer, backendId, expectedMs, attempts, queueMs, finish } = presented.value
  const answeredAt = ambient.now()
  spans.queue = queueMs
  spans.backend = answeredAt - uploadedAt - queueMs
  spans.total = answeredAt - startedAt

  // From here the end of the transfer is what is recorded.
  const patience = backendPatience(expected.kind === 'video', expectedMs)
  const limits = { maxBytes: maxAnswerBytes, patience }
  const { body: stream, ended } = relay(answer, limits, left, ambient)
  services.defer(
    ended.then((end) => {
      finish(end)
      close(place, end === 'broke-off')
      const known = { keyId: caller.keyId, model: model.id, backend: backendId, attempts }
      events.emit({ kind: 'decode', status: 200, end, ...known, ms: ambient.now() - startedAt })
    }),
  )
  return new Response(stream, { headers: answerHeaders(order, presented.value, quotas, warnings, spans) })
}
