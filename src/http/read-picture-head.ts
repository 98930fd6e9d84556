import type { ByteBudget } from '../dispatch/byte-budget.ts'
import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { PICTURE_HEAD_BYTES } from '../wire/picture-header.ts'
import type { Intake } from './intake.ts'
import { checkEncoding, checkRoom } from './read-body.ts'
import type { BeginIntake } from './read-form.ts'

export interface PictureHead {
  /** As much as tells the picture's size is here. */
  readonly intake: Intake
  /** Of the whole file, as was declared. */
  readonly bytes: number
}

/**
 * Reads as much of a picture's file as tells its size: all that limits, costs and the answer depend on, before the
 * rest is let in.
 */
export async function readPictureHead(
  headers: Headers,
  budget: ByteBudget,
  begin: BeginIntake,
): Promise<Result<PictureHead, Problem>> {
  const encoded = checkEncoding(headers)
  if (encoded) return err(encoded)
  const bytes = Number(headers.get('content-length') ?? Number.NaN)
  if (Number.isNaN(bytes)) {
    return err(problem('length-required', 'Expected Content-Length, which the file of a picture needs.'))
  }
  if (bytes === 0) return err(problem('empty-body', 'Expected a picture, or a tensor of pixels.'))
  const tooLarge = checkRoom(bytes, budget)
  if (tooLarge) return err(tooLarge)
  const begun = await begin()
  if (!begun.ok) return begun
  const failed = await begun.value.fill(Math.min(bytes, PICTURE_HEAD_BYTES))
  return failed ? err(failed) : ok({ intake: begun.value, bytes })
}
