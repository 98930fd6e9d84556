/** Receives an answer as far as it must be seen before the client gets its first byte. */
import { err, ok, type Result } from '../lib/result.ts'
import type { Signal } from '../lib/signal.ts'
import type { ExpectedAnswer } from '../models/answer.ts'
import type { ByteBudget } from './byte-budget.ts'
import { checkBody } from './check-body.ts'
import type { AnswerHead } from './check-headers.ts'
import { hold } from './hold.ts'

export interface ReceivedBody {
  /** What has arrived; all of it when there is no rest. */
  readonly beginning: Uint8Array
  readonly rest: ReadableStream<Uint8Array> | null
  /** Length of the whole, where it is known: declared by the backend, or following from the request. */
  readonly byteLength: number | undefined
  /** What of it the budget has paid for. */
  readonly heldBytes: number
  /** Gives back the bytes that are held; to be called when they have gone out. */
  readonly release: () => void
}

export interface ReceiveLimits {
  /** Answers up to this size are received whole, while the budget lasts. */
  readonly commitBytes: number
  readonly budget: ByteBudget
}

type Flaw = 'invalid' | 'broke-off'

/**
 * Small answers are received whole, so that a backend that dies in the middle is one more retry. Of larger ones,
 * and of those that the budget has no room for, the beginning is received and checked.
 *
 * @param unwanted fires when nobody wants the answer any more
 * @throws what reading the stream throws: the signal's reason, or that the connection was lost
 */
export async function receive(
  body: ReadableStream<Uint8Array>,
  head: AnswerHead,
  expected: ExpectedAnswer,
  { commitBytes, budget }: ReceiveLimits,
  unwanted: Signal,
): Promise<Result<ReceivedBody, Flaw>> {
  const { bytes: heldBytes, beginningBytes, isWhole, release } = hold(head, commitBytes, budget)
  // When a client resets, the runtime may drop this context without running what follows.
  unwanted.addEventListener('abort', release)
  let received: Received | undefined
  try {
    received = isWhole
      ? await receiveWhole(body, head, expected)
      : await receiveBeginning(body, head, expected, beginningBytes)
  } finally {
    if (!received?.ok) release()
  }
  return received.ok ? ok({ ...received.value, heldBytes, release }) : received
}

type Received = Result<Omit<ReceivedBody, 'heldBytes' | 'release'>, Flaw>

async function receiveWhole(
  body: ReadableStream<Uint8Array>,
  head: AnswerHead,
  expected: ExpectedAnswer,
): Promise<Received> {
  const bound = head.byteLength ?? head.maxBytes
  // One byte more than there should be shows a body that is too long.
  const { bytes, ended } = await readUpTo(body, bound + 1)
  if (!ended) return refuse('invalid', body)
  if (bytes.length < (head.byteLength ?? 0)) return err('broke-off')
  const flaw = checkBody(bytes, expected, true)
  return flaw ? err(flaw) : ok({ beginning: bytes, rest: null, byteLength: bytes.length })
}

async function receiveBeginning(
  body: ReadableStream<Uint8Array>,
  head: AnswerHead,
  expected: ExpectedAnswer,
  count: number,
): Promise<Received> {
  const { bytes, ended } = await readUpTo(body, count)
  if (ended && bytes.length < (head.byteLength ?? 0)) return err('broke-off')
  const flaw = checkBody(bytes, expected, ended)
  if (flaw) return refuse(flaw, body)
  return ok({
    beginning: bytes,
    rest: ended ? null : body,
    byteLength: ended ? bytes.length : head.byteLength,
  })
}

async function refuse(flaw: Flaw, rest: ReadableStream<Uint8Array>): Promise<Received> {
  await rest.cancel().catch(() => undefined)
  return err(flaw)
}

/** Reads up to `count` bytes in native code; fewer mean that the stream has ended. */
async function readUpTo(
  body: ReadableStream<Uint8Array>,
  count: number,
): Promise<{ bytes: Uint8Array; ended: boolean }> {
  const reader = body.getReader({ mode: 'byob' })
  const { value } = await reader.readAtLeast(count, new Uint8Array(count))
  reader.releaseLock()
  const bytes = value ?? new Uint8Array()
  return { bytes, ended: bytes.length < count }
}
