/** Reads a body: as many bytes as it must have, in time, within the isolate's budget. */

import type { ByteBudget } from '../dispatch/byte-budget.ts'
import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { isLatentType } from '../wire/media-types.ts'
import type { Intake, Upload } from './intake.ts'

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

/** Of a body that there is never room for, it may come as slowly as it likes. */
export const checkRoom = (bodyBytes: number, budget: ByteBudget): Problem | undefined =>
  bodyBytes > budget.capacity ? tooLarge(budget.capacity) : undefined

/**
 * @returns the whole body, paid for until it is released; a client that leaves in the middle is a problem too, which
 * nobody will read
 */
export async function readBody(
  headers: Headers,
  intake: Intake,
  bodyBytes: number,
): Promise<Result<Upload, Problem>> {
  const failed = await intake.fill(bodyBytes)
  if (failed) return err(failed)
  // A declared length is the runtime's to keep. Otherwise one byte too many shows a body that is too long.
  const more = headers.has('content-length') ? false : await intake.hasMore()
  const wrong = more === true ? tooLarge(bodyBytes) : more || checkLength(intake.arrived, bodyBytes)
  if (!wrong) return ok(intake.finish())
  intake.giveUp()
  return err(wrong)
}

const tooLarge = (limit: number): Problem =>
  problem('payload-too-large', `Expected a body of at most ${limit} bytes.`)

function checkLength(bytes: number, expected: number): Problem | undefined {
  if (bytes === expected) return undefined
  if (bytes === 0) return problem('empty-body', `Expected ${expected} bytes, which shape and dtype say.`)
  const detail = `Expected ${expected} bytes, which shape and dtype say, not ${bytes}.`
  return problem('length-shape-mismatch', detail)
}
