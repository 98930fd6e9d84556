/** Life of a decode or an encode, in the order it happens. */
import { dispatchBatch } from '../dispatch/batch/dispatch-batch.ts'
import type { DecodeJob } from '../dispatch/job.ts'
import { relay } from '../dispatch/relay.ts'
import { backendPatience } from '../dispatch/stall.ts'
import { isOurs, type Problem, problem, problemResponse } from '../errors/problem.ts'
import { err, ok } from '../lib/result.ts'
import { shared } from '../lib/signal.ts'
import { refusalProblem } from '../limits/refusal.ts'
import { allowsModel } from '../models/allow-list.ts'
import { type Operation, taskOf } from '../models/operation.ts'
import { endSpans, type Spans, withServerTiming } from '../telemetry/server-timing.ts'
import { admit, close } from './admit.ts'
import { answerHeaders } from './answer-headers.ts'
import { authenticate } from './authenticate.ts'
import type { AppContext } from './context.ts'
import { Intake } from './intake.ts'
import { presentDispatched } from './present.ts'
import { readDeadline } from './read-deadline.ts'
import { type BeginIntake, readForm } from './read-form.ts'
import { answeredEvent, failedEvent, type Known } from './request-event.ts'
import { takeDecode } from './take-decode.ts'
import { takeEncode } from './take-encode.ts'

/** What a request is, from its path or from its form. */
type OperationOf = (form: { readonly params: URLSearchParams; readonly isJson: boolean }) => Operation

export function serve(c: AppContext, operationOf: OperationOf): Promise<Response> {
  const served = live(c, operationOf)
  // A client that resets takes the context of its request with it, unless something is still to be waited for:
  // then slots are handed back, stubs let go of and the line of the log is written as for any other end.
  c.var.services.defer(served.catch(() => undefined))
  return served
}

async function live(c: AppContext, operationOf: OperationOf): Promise<Response> {
  const { services, startedAt, requestId, inflow } = c.var
  const { ambient, events, config } = services
  const request = c.req.raw
  const spans: Spans = {}
  // What is refused before its form is read may have its form in JSON, as only decodes of old have.
  const known: Known = {
    operation: operationOf({ params: new URLSearchParams(), isJson: true }),
  }
  const fail = (why: Problem): Response => {
    const ms = ambient.now() - startedAt
    if (known.uploadedAt !== undefined) endSpans(spans, ambient.now() - known.uploadedAt)
    events.emit(failedEvent(why, known, spans, ms))
    const response = problemResponse(why, requestId)
    // How far a key came is nobody's business that was not let in: one that was revoked came further than a forged one.
    return why.code === 'unauthorized' ? response : withServerTiming(response, { ...spans, total: ms })
  }

  const authenticated = await authenticate(request, c.req.param('key'), services, ambient.wallNow())
  spans.auth = ambient.now() - startedAt
  if (!authenticated.ok) return fail(authenticated.error)
  const caller = authenticated.value
  known.keyId = caller.keyId

  const deadline = readDeadline(request.headers)
  if (!deadline.ok) return fail(deadline.error)
  const begin = (): Intake => new Intake(request, inflow, caller.account, services.budget, ambient)
  // Where the body must be read before it is known what is asked for, the limits are asked what they can say already.
  const beginEarly: BeginIntake = async () => {
    const refusal = await services.limits.foresee(caller.account, caller.plan)
    return refusal ? err(refusalProblem(refusal, ambient.random())) : ok(begin())
  }
  const form = await readForm(request, beginEarly)
  if (!form.ok) return fail(form.error)
  const { params, inHand } = form.value
  const operation = operationOf({ params, isJson: inHand !== undefined })
  known.operation = operation
  const take = operation === 'decode' ? takeDecode : takeEncode
  const mayServe = (id: string): Problem | undefined => {
    known.model = id
    if (allowsModel(caller.plan.models, id)) return undefined
    return problem('forbidden', `The plan of this key leaves out ${id}.`)
  }
  const taken = await take(c, form.value, mayServe, beginEarly)
  if (!taken.ok) {
    inHand?.release()
    return fail(taken.error)
  }
  const { order } = taken.value
  const { expected, maxAnswerBytes } = order

  const admitted = await admit(request, taken.value, caller, begin, services, spans)
  if (!admitted.ok) {
    inHand?.release()
    return fail(admitted.error)
  }
  const { body, release, place, quotas, warnings } = admitted.value
  const uploadedAt = ambient.now()
  known.uploadedAt = uploadedAt
  known.receivedBytes = order.bodyBytes

  const left = shared(request.signal)
  const { deadlineMs } = config.dispatch
  const job: DecodeJob = {
    key: caller.account,
    model: taskOf(order.model.id, operation),
    query: order.upstreamQuery,
    contentType: order.contentType,
    body,
    expected,
    maxAnswerBytes,
    predictedMs: order.predictedMs,
    ...(order.batch && { batch: order.batch }),
    deadlineAt: uploadedAt + (deadline.value ?? deadlineMs),
    ...(deadline.value === undefined && { deadlineMs }),
    isStillGood: () => place.isGood(),
    waited: (ms) => {
      spans.queue = (spans.queue ?? 0) + ms
    },
  }
  const dispatched = await dispatchBatch(job, left, services.dispatch).finally(release)
  const presented = presentDispatched(dispatched, order, services.budget, config.dispatch.commitBytes)
  if (!presented.ok) {
    close(place, isOurs(presented.error))
    return fail(presented.error)
  }
  const { answer, expectedMs, queueMs, finish } = presented.value
  const answeredAt = ambient.now()
  spans.queue = queueMs
  endSpans(spans, answeredAt - uploadedAt)
  spans.total = answeredAt - startedAt

  // From here the end of the transfer is what is recorded.
  const patience = backendPatience(expected.kind === 'video', expectedMs)
  const limits = { maxBytes: maxAnswerBytes, patience }
  const { body: outgoing, ended, sentBytes } = relay(answer, limits, left, ambient)
  services.defer(
    ended.then((end) => {
      finish(end)
      close(place, end === 'broke-off')
      const ms = ambient.now() - startedAt
      events.emit(answeredEvent(end, sentBytes(), known, order, presented.value, warnings, spans, ms))
    }),
  )
  return new Response(outgoing, { headers: answerHeaders(order, presented.value, quotas, warnings, spans) })
}
