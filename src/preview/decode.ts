/** The embedded decoder: a latent in, a small-effort picture, tensor or video out. Pure but for memory. */
import type { ExpectedAnswer } from '../models/answer.ts'
import { type Geometry, latentFrameOf } from '../models/geometry.ts'
import type { ServableModel } from '../models/registry.ts'
import type { DecodeQuery } from '../wire/decode-query.ts'
import { type AnswerDtype, tensorBytes } from '../wire/dtype.ts'
import { readFloats } from '../wire/tensor.ts'
import { colourPlanes } from './colours.ts'
import type { LatentRgb } from './factors/latent-rgb.ts'
import { readLatent } from './latent.ts'
import { encodePicture } from './picture-file.ts'
import { interleavedBytes, planeHalves } from './pixels.ts'
import { Upsampler } from './upsampler.ts'
import { encodeMp4 } from './video.ts'

/** An answer whose length is known and whose bytes are made while they are read. */
export interface PreviewAnswer {
  readonly byteLength: number
  readonly chunks: Iterable<Uint8Array>
  /** Set for tensors. */
  readonly dtype?: AnswerDtype
}

/**
 * Decodes with the linear factors of the model's latent space. Tensors are float16, which every client reads, or
 * uint8 when post-processed.
 *
 * @param body the latent's bytes, exactly as long as shape and dtype say
 */
export async function decodePreview(
  model: ServableModel,
  rgb: LatentRgb,
  geometry: Geometry,
  query: DecodeQuery,
  expected: ExpectedAnswer,
  body: ArrayBuffer,
): Promise<PreviewAnswer> {
  const values = readFloats(body, query.dtype)
  const latent = readLatent(model, geometry, values, query.shape.length, query.scaling)
  const pictureOf = (batch: number, frame: number): Upsampler =>
    new Upsampler(colourPlanes(latent, rgb, batch, frame), model.spatialCompression)
  const shownAt = (frame: number): number => latentFrameOf(model.frames, geometry.latentFrames, frame)

  switch (expected.kind) {
    case 'image': {
      const file = encodePicture(pictureOf(0, 0), expected.mediaType)
      return { byteLength: file.length, chunks: [file] }
    }
    case 'video': {
      const file = await encodeMp4(geometry.width, geometry.height, geometry.frames, shownAt, (frame) =>
        pictureOf(0, frame),
      )
      return { byteLength: file.byteLength, chunks: [new Uint8Array(file)] }
    }
    case 'tensor': {
      const dtype = expected.dtypes.includes('uint8') ? 'uint8' : 'float16'
      const pictures = memoiseLast((batch: number, frame: number) => pictureOf(batch, shownAt(frame)))
      const range = query.outputType === 'pil' ? 'unit' : 'signed'
      const chunks =
        dtype === 'uint8'
          ? interleavedFrames(model, geometry, pictures)
          : planes(model, geometry, pictures, range)
      return { byteLength: tensorBytes(expected.shape, dtype), chunks, dtype }
    }
  }
}

type PictureOf = (batch: number, frame: number) => Upsampler

/** [N, H, W, 3], or [F, H, W, 3] of the first video. */
function* interleavedFrames(
  model: ServableModel,
  geometry: Geometry,
  pictureOf: PictureOf,
): Generator<Uint8Array> {
  if (model.kind === 'video') {
    for (let frame = 0; frame < geometry.frames; frame++) yield interleavedBytes(pictureOf(0, frame), 3)
  } else {
    for (let batch = 0; batch < geometry.batch; batch++) yield interleavedBytes(pictureOf(batch, 0), 3)
  }
}

/** Planes in the order of [N, 3, (F,) H, W]; a video as `pil` is [F, 3, H, W] of the first one. */
function* planes(
  model: ServableModel,
  geometry: Geometry,
  pictureOf: PictureOf,
  range: 'signed' | 'unit',
): Generator<Uint8Array> {
  const plane = (batch: number, frame: number, colour: number): Uint8Array =>
    new Uint8Array(planeHalves(pictureOf(batch, frame), colour, range).buffer)
  if (model.kind === 'video' && range === 'unit') {
    for (let frame = 0; frame < geometry.frames; frame++) {
      for (let colour = 0; colour < 3; colour++) yield plane(0, frame, colour)
    }
    return
  }
  for (let batch = 0; batch < geometry.batch; batch++) {
    for (let colour = 0; colour < 3; colour++) {
      for (let frame = 0; frame < geometry.frames; frame++) yield plane(batch, frame, colour)
    }
  }
}

/** Planes of one picture follow each other often; making it once per run of them is enough. */
function memoiseLast(make: PictureOf): PictureOf {
  let last: { batch: number; frame: number; picture: Upsampler } | undefined
  return (batch, frame) => {
    if (last?.batch !== batch || last.frame !== frame) last = { batch, frame, picture: make(batch, frame) }
    return last.picture
  }
}
