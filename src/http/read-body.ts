/** Reads a body: as many bytes as it must have, in time, within the isolate's budget. */

import type { ByteBudget } from '../dispatch/byte-budget.ts'
import { type Problem, problem } from '../errors/problem.ts'
import type { Ambient } from '../lib/ambient.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Signal } from '../lib/signal.ts'
import { isLatentType } from '../wire/media-types.ts'
import { drain } from './drain.ts'
import type { Taken } from './taken.ts'

/** Time for any upload, and the slowest that one may be beyond that, in bytes per millisecond (64 KB/s). */
const UPLOAD_GRACE_MS = 30_000
const UPLOAD_BYTES_PER_MS = 64

/**
 * What can be said about the body from the headers alone, before a byte of it is read.
 *
 * @param inHand what came in JSON, which is held against its shape alone
 * @param maxBytes that any tensor of the model can have
 */
export function checkUpload(
  headers: Headers,
  inHand: ArrayBuffer | undefined,
  bodyBytes: number,
  maxBytes: number,
): Problem | undefined {
  if (inHand) return checkLength(inHand.byteLength, bodyBytes)
  const encoded = checkEncoding(headers)
  if (encoded) return encoded
  if (!isLatentType(headers.get('content-type') ?? undefined)) {
    return problem(
      'unsupported-media-type',
      'Expected Content-Type: tensor/binary with the raw bytes of the tensor.',
    )
  }
  const declared = headers.get('content-length')
  if (declared !== null && Number(declared) > maxBytes) return tooLarge(maxBytes)
  return declared === null ? undefined : checkLength(Number(declared), bodyBytes)
}

/** Nothing is unpacked, for it could be a bomb. */
export function checkEncoding(headers: Headers): Problem | undefined {
  if ((headers.get('content-encoding') ?? 'identity') === 'identity') return undefined
  const identity = { headers: { 'accept-encoding': 'identity' } }
  return problem('unsupported-media-type', 'Expected a body without Content-Encoding.', identity)
}

/**
 * The body of a request: uploaded now, or in hand already.
 *
 * @param here what came in JSON, as long as it should be; or what of the upload was read before
 * @param unwanted stops reading; what is returned then is of no interest
 */
export async function readBody(
  request: Request,
  { inHand, beginning }: Pick<Taken, 'inHand' | 'beginning'>,
  bodyBytes: number,
  budget: ByteBudget,
  ambient: Ambient,
  unwanted: Signal,
): Promise<Result<Upload, Problem>> {
  if (!inHand) return readUpload(request, bodyBytes, budget, ambient, unwanted, { begin: beginning?.body })
  const release = budget.reserve(bodyBytes)
  if (!release) return err(busy())
  request.signal.addEventListener('abort', release)
  return ok({ body: inHand, release })
}

/** A body in memory, paid for until it is released. */
export interface Upload {
  readonly body: ArrayBuffer
  readonly release: () => void
}

/** Uploads that come in two parts: what tells how much there is, and the rest. */
export interface UploadPart {
  /** What was read before; it counts. */
  readonly begin?: ArrayBuffer | undefined
  /** Whether more follows, which is left for later. */
  readonly isPart?: boolean
}

/**
 * @param budget pays for the bytes until `release` is called
 * @param unwanted stops reading; what is returned then is of no interest
 * @returns the whole body; a client that leaves in the middle is a problem too, which nobody will read
 */
export async function readUpload(
  request: Request,
  bodyBytes: number,
  budget: ByteBudget,
  ambient: Ambient,
  unwanted: Signal,
  part: UploadPart = {},
): Promise<Result<Upload, Problem>> {
  if (bodyBytes > budget.capacity) return err(tooLarge(budget.capacity))
  const release = budget.reserve(bodyBytes)
  if (!release) {
    await drain(request, ambient, unwanted)
    return err(busy())
  }
  // When a client resets, the runtime may drop this context without running what follows.
  request.signal.addEventListener('abort', release)
  const read = await readWithin(
    request,
    bodyBytes,
    UPLOAD_GRACE_MS + bodyBytes / UPLOAD_BYTES_PER_MS,
    ambient,
    unwanted,
    part,
  )
  if (read.ok) return ok({ body: read.value, release })
  release()
  return read
}

async function readWithin(
  request: Request,
  bodyBytes: number,
  timeoutMs: number,
  ambient: Ambient,
  unwanted: Signal,
  { begin = new ArrayBuffer(0), isPart = false }: UploadPart,
): Promise<Result<ArrayBuffer, Problem>> {
  if (begin.byteLength === bodyBytes) return ok(begin)
  if (!request.body) return err(checkLength(0, bodyBytes) ?? problem('empty-body', 'Expected a body.'))
  const reader = request.body.getReader({ mode: 'byob' })
  let late = false
  const stop = (): void => void reader.cancel().catch(() => undefined)
  const stopTimer = ambient.after(timeoutMs, () => {
    late = true
    stop()
  })
  unwanted.addEventListener('abort', stop)
  try {
    // A declared length is the runtime's to keep. Otherwise one byte too many shows a body that is too long.
    const wanted = request.headers.has('content-length') ? bodyBytes : bodyBytes + 1
    const room = new Uint8Array(wanted)
    room.set(new Uint8Array(begin))
    const missing = wanted - begin.byteLength
    const { value } = await reader.readAtLeast(missing, room.subarray(begin.byteLength))
    const length = begin.byteLength + (value?.length ?? 0)
    if (late) return err(tooLate(bodyBytes, timeoutMs))
    const wrong = checkLength(length, bodyBytes)
    if (length > bodyBytes) return err(tooLarge(bodyBytes))
    if (wrong || !value) return err(wrong ?? problem('empty-body', 'Expected a body.'))
    return ok(wanted === bodyBytes ? value.buffer : value.buffer.slice(0, bodyBytes))
  } catch {
    // A read that is cancelled may end either way.
    if (late) return err(tooLate(bodyBytes, timeoutMs))
    return err(problem('length-mismatch', 'The body ended before the length that was declared.'))
  } finally {
    stopTimer()
    if (isPart) reader.releaseLock()
    unwanted.removeEventListener('abort', stop)
  }
}

export const busy = (): Problem =>
  problem('isolate-busy', 'Too many uploads are under way; try again.', { retryAfterSeconds: 1 })

const tooLate = (bytes: number, timeoutMs: number): Problem =>
  problem('upload-timeout', `Expected ${bytes} bytes within ${timeoutMs / 1000} s.`)

const tooLarge = (limit: number): Problem =>
  problem('payload-too-large', `Expected a body of at most ${limit} bytes.`)

function checkLength(bytes: number, expected: number): Problem | undefined {
  if (bytes === expected) return undefined
  if (bytes === 0) return problem('empty-body', `Expected ${expected} bytes, which shape and dtype say.`)
  const detail = `Expected ${expected} bytes, which shape and dtype say, not ${bytes}.`
  return problem('length-shape-mismatch', detail)
}
