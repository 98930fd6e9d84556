import type { ByteBudget } from '../dispatch/byte-budget.ts'
import { type Problem, problem } from '../errors/problem.ts'
import type { Ambient } from '../lib/ambient.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { PICTURE_HEAD_BYTES } from '../wire/picture-header.ts'
import { busy, checkEncoding, readUpload, type Upload } from './read-body.ts'

export interface PictureHead {
  readonly beginning: Upload
  /** Of the whole file, as was declared. */
  readonly bytes: number
}

/**
 * Reads as much of a picture's file as tells its size: all that limits, costs and the answer depend on, before the
 * rest is let in.
 */
export async function readPictureHead(
  request: Request,
  budget: ByteBudget,
  ambient: Ambient,
): Promise<Result<PictureHead, Problem>> {
  const encoded = checkEncoding(request.headers)
  if (encoded) return err(encoded)
  const bytes = Number(request.headers.get('content-length') ?? Number.NaN)
  if (Number.isNaN(bytes)) {
    return err(problem('length-required', 'Expected Content-Length, which the file of a picture needs.'))
  }
  if (bytes === 0) return err(problem('empty-body', 'Expected a picture, or a tensor of pixels.'))
  if (bytes > budget.capacity) {
    return err(problem('payload-too-large', `Expected a picture of at most ${budget.capacity} bytes.`))
  }
  // Someone whose picture would not find room later is better told now.
  if (bytes > budget.free) return err(busy())
  const wanted = Math.min(bytes, PICTURE_HEAD_BYTES)
  const read = await readUpload(request, wanted, budget, ambient, request.signal, { isPart: bytes > wanted })
  return read.ok ? ok({ beginning: read.value, bytes }) : read
}
