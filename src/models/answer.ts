/** What a correct answer to a decode looks like, known before any backend is asked. */
import { type AnswerDtype, tensorBytes } from '../wire/dtype.ts'
import type { AnswerFormat } from '../wire/media-types.ts'
import type { Geometry } from './geometry.ts'
import type { VaeModel } from './vae.ts'

export type ExpectedAnswer =
  | {
      readonly kind: 'image'
      readonly mediaType: 'image/jpeg' | 'image/png'
      readonly width: number
      readonly height: number
    }
  | {
      readonly kind: 'tensor'
      readonly mediaType: 'tensor/binary'
      readonly shape: readonly number[]
      readonly dtypes: readonly AnswerDtype[]
    }
  | { readonly kind: 'video'; readonly mediaType: 'video/mp4' | 'text/plain' }

export const FLOATS: readonly AnswerDtype[] = ['float16', 'bfloat16', 'float32']

/**
 * Tensor shapes by output type (protocol, section 5): pictures [N, 3, H, W] or, post-processed, [N, H, W, 3];
 * videos [N, 3, F, H, W], [F, H, W, 3] and, as `pil`, [F, 3, H, W].
 */
export function expectAnswer(
  model: VaeModel,
  geometry: Geometry,
  format: AnswerFormat,
  outputType: 'pil' | 'pt' | 'mp4',
  partialPostprocess: boolean,
): ExpectedAnswer {
  const { batch, frames, height, width } = geometry
  if (format.kind === 'image') return { ...format, width, height }
  if (format.kind === 'video') return format
  const tensor = (shape: readonly number[], dtypes: readonly AnswerDtype[]): ExpectedAnswer => ({
    ...format,
    shape,
    dtypes,
  })
  if (model.kind === 'video') {
    if (outputType === 'pil') return tensor([frames, 3, height, width], FLOATS)
    return partialPostprocess
      ? tensor([frames, height, width, 3], ['uint8'])
      : tensor([batch, 3, frames, height, width], FLOATS)
  }
  return outputType === 'pt' && partialPostprocess
    ? tensor([batch, height, width, 3], ['uint8'])
    : tensor([batch, 3, height, width], FLOATS)
}

/**
 * Of a batch, what the answer holds (protocol, section 5): raw tensors keep all of it; files, and videos as frames, are of
 * the first alone.
 */
export function answeredOf(
  { kind }: VaeModel,
  format: AnswerFormat,
  outputType: 'pil' | 'pt' | 'mp4',
  partialPostprocess: boolean,
): 'all' | 'first' {
  if (format.kind !== 'tensor') return 'first'
  return kind === 'video' && (outputType === 'pil' || partialPostprocess) ? 'first' : 'all'
}

/** Most bytes the answer's body can have: exact for tensors up to their dtype, a bound for files. */
export function maxAnswerBytes(expected: ExpectedAnswer, geometry: Geometry): number {
  if (expected.kind === 'tensor') {
    return Math.max(...expected.dtypes.map((dtype) => tensorBytes(expected.shape, dtype)))
  }
  const rawBytes = geometry.frames * geometry.height * geometry.width * 3
  // An incompressible PNG grows by a little over its pixels; headers and colour profiles come on top.
  return Math.ceil(rawBytes * 1.05) + 262_144
}
