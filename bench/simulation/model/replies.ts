/** What a backend says, sound or not. */
import { HEADER } from '../../../src/wire/headers.ts'
import type { AnswerFacts } from './answer.ts'
import type { Attempt } from './attempt.ts'
import { BUSY_RETRY_AFTER_MS, type FaultKind, isOutOfMemory } from './faults.ts'

export type Reply = Omit<AnswerFacts, 'downloadMs'>

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const NOTHING = new Uint8Array()

const error = (status: number, headers: Reply['headers'] = {}): Reply => ({ status, headers, bytes: NOTHING })

/** Answers without a look at the GPU. */
const REFUSALS: Partial<Record<FaultKind, Reply>> = {
  misconfigured: error(404),
  'black-hole': error(500),
  'bad-gateway': error(502),
  reject: error(400),
  busy: error(429, { 'retry-after': String(BUSY_RETRY_AFTER_MS / 1_000) }),
}

export const refusalFor = (fate: FaultKind | null): Reply | undefined =>
  fate === null ? undefined : REFUSALS[fate]

export const coldAnswer = (readyInMs: number): Reply =>
  error(503, { 'retry-after': String(Math.max(1, Math.ceil(readyInMs / 1_000))) })

const OUT_OF_MEMORY: Reply = { status: 400, headers: {}, bytes: text('{"error":"CUDA out of memory."}') }
const PAGE = text('<!doctype html><title>Welcome</title>')

/** After the GPU's work. */
export function answerTo(attempt: Attempt, saysComputeMs: boolean): Reply {
  const { fate, flight, decodeMs, id } = attempt
  if (isOutOfMemory(attempt)) return OUT_OF_MEMORY
  if (fate === 'error') return error(500)
  const { type, bytes } = flight.order.answer
  const headers: Record<string, string> = {
    'content-type': fate === 'invalid' ? 'text/html' : type,
    'content-length': String(fate === 'invalid' ? PAGE.length : bytes.length),
    [HEADER.attemptId]: id,
  }
  if (saysComputeMs) headers[HEADER.computeMs] = decodeMs.toFixed(3)
  if (fate === 'invalid') return { status: 200, headers, bytes: PAGE }
  return { status: 200, headers, bytes: fate === 'truncate' ? bytes.subarray(0, -1) : bytes }
}
