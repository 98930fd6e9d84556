import type { ExpectedAnswer } from '../models/answer.ts'
import type { Timings } from '../pool/protocol.ts'
import { HEADER } from '../wire/headers.ts'

/** A Worker's clock and a backend's may differ by so much over one attempt. */
const CLOCK_MARGIN_MS = 50

/** More than any GPU runs at once; a backend that claims it is not believed. */
const MAX_CAPACITY = 256

/** What an attempt's headers tell the pool: how long the decode took, and how many the backend runs together. */
export function timingsOf(headers: Headers, kind: ExpectedAnswer['kind'], attemptMs: number): Timings {
  const times = decodeTimes(headers, kind, attemptMs)
  const text = headers.get(HEADER.batchCapacity) ?? ''
  const capacity = /^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : undefined
  return capacity !== undefined && capacity <= MAX_CAPACITY ? { ...times, capacity } : times
}

/**
 * How long a decode took, as far as it can be told when the headers are there. A backend's own word counts while it
 * claims no more than the whole attempt took.
 */
function decodeTimes(headers: Headers, kind: ExpectedAnswer['kind'], attemptMs: number): Timings {
  const text = headers.get(HEADER.computeMs) ?? ''
  const said = /^[0-9]{1,7}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : undefined
  const isSane = said !== undefined && said > 0 && said <= attemptMs + CLOCK_MARGIN_MS
  if (isSane) return { attemptMs, computeMs: said, decoded: true }
  // The slot of a video is given back when the client has it all, and the client may be slow.
  return kind === 'video' ? { attemptMs, computeMs: attemptMs, decoded: true } : { attemptMs, decoded: true }
}
