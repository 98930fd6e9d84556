/** One try at one backend. Never throws for what a backend or a client may do. */
import type { Backend } from '../backends/backend.ts'
import type { Send } from '../backends/upstream.ts'
import type { Ambient } from '../lib/ambient.ts'
import { answerWithin } from '../lib/answer.ts'
import type { Signal } from '../lib/signal.ts'
import type { Lease } from '../pool/client.ts'
import type { Timings } from '../pool/protocol.ts'
import { passedHeaders } from '../privacy/response-headers.ts'
import type { AnswerDtype } from '../wire/dtype.ts'
import { checkHeaders } from './check-headers.ts'
import { classifyStatus, ERROR_HEAD_BYTES, parseRetryAfter } from './classify.ts'
import { receiveTimeoutMs } from './deadline.ts'
import { type Failure, type FailureReason, whyBroken } from './failure.ts'
import { receivedAtOnce } from './hold.ts'
import type { DecodeJob } from './job.ts'
import { type ReceivedBody, type ReceiveLimits, receive } from './receive.ts'
import { timingsOf } from './timings.ts'

export type AttemptOutcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'client-gone' }

/** Answers whose bytes go out after those of another, as if they were one. */
export interface Following {
  /** Of all of them together. */
  readonly byteLength: number
  /**
   * The next one, once the one before has gone out; undefined when that was the last.
   *
   * @throws when it cannot be had any more
   */
  next(): Promise<Answer | undefined>
}

export interface Answer extends ReceivedBody {
  readonly dtype: AnswerDtype | undefined
  /** Headers of the backend that the client may see. */
  readonly headers: Readonly<Record<string, string>>
  readonly timings: Timings
  /** Breaks the transfer off. */
  readonly abort: AbortController
  /** Of a batch whose parts were decoded apart: the other parts. */
  readonly following?: Following
}

export interface AttemptServices extends ReceiveLimits {
  readonly send: Send
  readonly ambient: Ambient
}

const CLIENT_GONE = new Error('client gone')
const TIMED_OUT = new Error('attempt timed out')

/**
 * It lasts until the deadline of the request, unless it is not wanted before: only a better attempt ends it early.
 *
 * @param overdueMs when the answer is late; a body that stops before the commit is waited for until then
 * @param unwanted fires when the answer is not wanted any more
 */
export async function attempt(
  job: DecodeJob,
  backend: Backend,
  lease: Lease,
  overdueMs: number,
  unwanted: Signal,
  services: AttemptServices,
): Promise<AttemptOutcome> {
  const { ambient, commitBytes } = services
  const abort = new AbortController()
  const leave = (): void => abort.abort(CLIENT_GONE)
  const failed = (reason: FailureReason, retryAfterMs?: number): AttemptOutcome => ({
    kind: 'failure',
    failure: { reason, backendId: backend.id, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  })
  if (unwanted.aborted) return { kind: 'client-gone' }
  unwanted.addEventListener('abort', leave)
  const timeOut = (): void => abort.abort(TIMED_OUT)
  const startedAt = ambient.now()
  let stopTimer = ambient.after(Math.max(0, job.deadlineAt - startedAt), timeOut)
  let answered = false
  try {
    const attemptId = ambient.randomUuid()
    const { model, query, body, contentType, expected, deadlineAt } = job
    const accept = upstreamAccept(expected.mediaType)
    const remainingMs = deadlineAt - startedAt
    const request = { model, query, body, accept, contentType, attemptId, remainingMs }
    const response = await services.send(backend, request, abort.signal)
    answered = true
    if (response.status !== 200 || !response.body) {
      const head = await readHead(response, ambient)
      const reason = classifyStatus(response.status, head, backend.scaleToZero)
      return failed(reason, parseRetryAfter(response.headers.get('retry-after'), ambient.wallNow()))
    }
    const head = checkHeaders(response.headers, expected, attemptId, job.maxAnswerBytes)
    if (!head.ok) {
      await response.body.cancel().catch(() => undefined)
      return failed(head.error)
    }
    const now = ambient.now()
    const timings = timingsOf(response.headers, expected.kind, now - startedAt)
    // A one-picture decoder is done when it answers; a video may be encoded while it is sent.
    if (expected.kind !== 'video') lease.free(timings)
    const bytesMs = receiveTimeoutMs(receivedAtOnce(head.value, commitBytes), deadlineAt - now)
    stopTimer()
    const patienceMs = Math.min(startedAt + overdueMs, deadlineAt) - now
    stopTimer = ambient.after(Math.max(bytesMs, patienceMs), timeOut)
    const received = await receive(response.body, head.value, expected, services, abort.signal)
    if (!received.ok) return failed(received.error)
    const headers = passedHeaders(response.headers)
    return { kind: 'answer', answer: { ...received.value, dtype: head.value.dtype, headers, timings, abort } }
  } catch {
    if (abort.signal.reason === CLIENT_GONE) return { kind: 'client-gone' }
    if (abort.signal.reason === TIMED_OUT) return failed('timed-out')
    return failed(answered ? 'broke-off' : whyBroken(ambient.now() - startedAt, lease))
  } finally {
    stopTimer()
    unwanted.removeEventListener('abort', leave)
  }
}

/** Toolkits know an MP4 as text/plain only. */
const upstreamAccept = (mediaType: string): string => (mediaType === 'video/mp4' ? 'text/plain' : mediaType)

/** So long the text of an error is waited for. */
const ERROR_HEAD_MS = 1_000

/** The beginning of an error body, to be classified and forgotten. */
async function readHead(response: Response, ambient: Ambient): Promise<string> {
  if (!response.body) return ''
  const reader = response.body.getReader({ mode: 'byob' })
  const read = reader.readAtLeast(ERROR_HEAD_BYTES, new Uint8Array(ERROR_HEAD_BYTES))
  // The status alone says enough of an error whose text does not come.
  const head = await answerWithin(read, ERROR_HEAD_MS, ambient)
  void reader.cancel().catch(() => undefined)
  return head.ok ? new TextDecoder().decode(head.value.value) : ''
}
