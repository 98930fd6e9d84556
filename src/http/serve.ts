/** Life of a decode or an encode, in the order it happens. */
import { dispatch } from '../dispatch/dispatch.ts'
import type { DecodeJob } from '../dispatch/job.ts'
import { relay } from '../dispatch/relay.ts'
import { backendPatience } from '../dispatch/stall.ts'
import { problemKind } from '../errors/codes.ts'
import { isOurs, type Problem, problem, problemResponse } from '../errors/problem.ts'
import { allowsModel } from '../models/allow-list.ts'
import { type Operation, taskOf } from '../models/operation.ts'
import type { Span } from '../telemetry/server-timing.ts'
import { admit, close } from './admit.ts'
import { answerHeaders } from './answer-headers.ts'
import { authenticate, type Caller } from './authenticate.ts'
import type { AppContext } from './context.ts'
import { presentDispatched } from './present.ts'
import { readDeadline } from './read-deadline.ts'
import { type RequestForm, readForm } from './read-form.ts'
import { takeDecode } from './take-decode.ts'
import { takeEncode } from './take-encode.ts'

/** What a request is, from its path or from its form. */
type OperationOf = (form: RequestForm) => Operation

export function serve(c: AppContext, operationOf: OperationOf): Promise<Response> {
  const served = live(c, operationOf)
  // A client that resets takes the context of its request with it, unless something is still to be waited for:
  // then slots are handed back, stubs let go of and the line of the log is written as for any other end.
  c.var.services.defer(served.catch(() => undefined))
  return served
}

async function live(c: AppContext, operationOf: OperationOf): Promise<Response> {
  const { services, startedAt, requestId } = c.var
  const { ambient, events, config } = services
  const request = c.req.raw
  const spans: Partial<Record<Span, number>> = {}
  let caller: Caller | undefined
  let model: string | undefined
  // What is refused before its form is read may have its form in JSON, as only decodes of old have.
  let operation = operationOf({ params: new URLSearchParams(), bytes: new ArrayBuffer(0) })
  const fail = (why: Problem): Response => {
    const { status } = problemKind(why.code)
    const known = { ...(caller && { keyId: caller.keyId }), ...(model !== undefined && { model }) }
    const ms = ambient.now() - startedAt
    events.emit({ kind: operation, status, code: why.code, ...known, ms })
    return problemResponse(why, requestId)
  }

  const authenticated = await authenticate(request, c.req.param('key'), services, startedAt)
  if (!authenticated.ok) return fail(authenticated.error)
  const { keyId, account, plan } = authenticated.value
  caller = authenticated.value
  spans.auth = ambient.now() - startedAt

  const deadline = readDeadline(request.headers, config.dispatch.deadlineMs)
  if (!deadline.ok) return fail(deadline.error)
  const form = await readForm(request, services.budget, ambient)
  if (!form.ok) return fail(form.error)
  operation = operationOf(form.value)
  const take = operation === 'decode' ? takeDecode : takeEncode
  const taken = await take(c, form.value, (id) => {
    model = id
    if (allowsModel(plan.models, id)) return undefined
    return problem('forbidden', `The plan of this key leaves out ${id}.`)
  })
  if (!taken.ok) return fail(taken.error)
  const { order, beginning } = taken.value
  const { expected, maxAnswerBytes } = order

  const admitted = await admit(request, taken.value, caller, services, spans).finally(beginning?.release)
  if (!admitted.ok) return fail(admitted.error)
  const { body, release, place, quotas, warnings } = admitted.value
  const uploadedAt = ambient.now()

  const job: DecodeJob = {
    key: account,
    model: taskOf(order.model.id, operation),
    query: order.upstreamQuery,
    contentType: order.contentType,
    body,
    expected,
    maxAnswerBytes,
    predictedMs: order.predictedMs,
    deadlineAt: uploadedAt + deadline.value,
    isStillGood: () => place.isGood(),
  }
  const dispatched = await dispatch(job, request.signal, services.dispatch).finally(release)
  const presented = presentDispatched(dispatched, order, services.budget, config.dispatch.commitBytes)
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
  const { body: stream, ended } = relay(answer, limits, request.signal, ambient)
  services.defer(
    ended.then((end) => {
      finish(end)
      close(place, end === 'broke-off')
      const known = { keyId, model: order.model.id, backend: backendId, attempts }
      events.emit({ kind: operation, status: 200, end, ...known, ms: ambient.now() - startedAt })
    }),
  )
  return new Response(stream, { headers: answerHeaders(order, presented.value, quotas, warnings, spans) })
}
