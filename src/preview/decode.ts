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
import { halfRows, interleavedRows } from './pixels.ts'
import type { Turns } from './turns.ts'
import { Upsampler } from './upsampler.ts'
import { encodeMp4 } from './video.ts'

/** An answer whose length is known and whose bytes are made while they are read. */
export interface PreviewAnswer {
  readonly byteLength: number
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  /** Set for tensors. */
  readonly dtype?: AnswerDtype
}

/** Pixels of a tensor that are made at a time, about. */
const BAND_PIXELS = 262_144

/** Of all different pictures of a video, which are stored as they are: 12 MB of file, whatever the video's size. */
const MAX_VIDEO_MEGAPIXELS = 8

/**
 * Decodes with the linear factors of the model's latent space. Tensors are float16, which every client reads, or
 * uint8 when post-processed. An MP4 is half or a quarter as large as asked for where its pictures are many.
 *
 * @param body the latent's bytes, exactly as long as shape and dtype say
 * @throws what `turns` rejects with, when nobody wants the answer any more
 */
export async function decodePreview(
  model: ServableModel,
  rgb: LatentRgb,
  geometry: Geometry,
  query: DecodeQuery,
  expected: ExpectedAnswer,
  body: ArrayBuffer,
  turns: Turns,
): Promise<PreviewAnswer> {
  const values = readFloats(body, query.dtype)
  const latent = readLatent(model, geometry, values, query.shape.length, query.scaling)
  const pictureOf = async (
    batch: number,
    frame: number,
    scale = model.spatialCompression,
  ): Promise<Upsampler> => new Upsampler(await turns.run(colourPlanes(latent, rgb, batch, frame)), scale)
  const shownAt = (frame: number): number => latentFrameOf(model.frames, geometry.latentFrames, frame)

  switch (expected.kind) {
    case 'image': {
      const file = await encodePicture(await pictureOf(0, 0), expected.mediaType, turns)
      return { byteLength: file.length, chunks: [file] }
    }
    case 'video': {
      const { latentHeight, latentWidth, frames } = geometry
      const scale = videoScale(model.spatialCompression, geometry)
      const pictures = (frame: number): Promise<Upsampler> => pictureOf(0, frame, scale)
      const size = { width: latentWidth * scale, height: latentHeight * scale }
      const file = await encodeMp4(size, frames, shownAt, pictures, turns)
      return { byteLength: file.byteLength, chunks: [new Uint8Array(file)] }
    }
    case 'tensor': {
      const dtype = expected.dtypes.includes('uint8') ? 'uint8' : 'float16'
      const shown = memoiseLast(pictureOf)
      const pictures: PictureOf = (batch, frame) => shown(batch, shownAt(frame))
      const range = query.outputType === 'pil' ? 'unit' : 'signed'
      const chunks =
        dtype === 'uint8'
          ? interleavedFrames(model, geometry, pictures, turns)
          : planes(model, geometry, pictures, range, turns)
      return { byteLength: tensorBytes(expected.shape, dtype), chunks, dtype }
    }
  }
}

/** Pixels per element of the latent: as the model has it, or half as many until all pictures are few enough. */
export function videoScale(
  full: number,
  {
    latentFrames,
    latentHeight,
    latentWidth,
  }: Pick<Geometry, 'latentFrames' | 'latentHeight' | 'latentWidth'>,
): number {
  const elements = latentFrames * latentHeight * latentWidth
  let scale = full
  // Sides of an H.264 frame are even.
  while (scale % 4 === 0 && elements * scale ** 2 > MAX_VIDEO_MEGAPIXELS * 1e6) scale /= 2
  return scale
}

type PictureOf = (batch: number, frame: number) => Promise<Upsampler>

/** [N, H, W, 3], or [F, H, W, 3] of the first video. */
async function* interleavedFrames(
  model: ServableModel,
  geometry: Geometry,
  pictureOf: PictureOf,
  turns: Turns,
): AsyncGenerator<Uint8Array> {
  const isVideo = model.kind === 'video'
  const repeated = repeatLast()
  for (let index = 0; index < (isVideo ? geometry.frames : geometry.batch); index++) {
    const picture = await (isVideo ? pictureOf(0, index) : pictureOf(index, 0))
    yield* repeated(picture, (from, to) => turns.run(interleavedRows(picture, 3, from, to)))
  }
}

/** Planes in the order of [N, 3, (F,) H, W]; a video as `pil` is [F, 3, H, W] of the first one. */
async function* planes(
  model: ServableModel,
  geometry: Geometry,
  pictureOf: PictureOf,
  range: 'signed' | 'unit',
  turns: Turns,
): AsyncGenerator<Uint8Array> {
  // A video as frames has all three colours of a frame before the next one, so each has the last of its own.
  const repeated = [repeatLast(), repeatLast(), repeatLast()]
  async function* plane(batch: number, frame: number, colour: number): AsyncGenerator<Uint8Array> {
    const picture = await pictureOf(batch, frame)
    const bytes = async (from: number, to: number): Promise<Uint8Array> =>
      new Uint8Array((await turns.run(halfRows(picture, colour, range, from, to))).buffer)
    yield* repeated[colour]?.(picture, bytes) ?? []
  }
  if (model.kind === 'video' && range === 'unit') {
    for (let frame = 0; frame < geometry.frames; frame++) {
      for (let colour = 0; colour < 3; colour++) yield* plane(0, frame, colour)
    }
    return
  }
  for (let batch = 0; batch < geometry.batch; batch++) {
    for (let colour = 0; colour < 3; colour++) {
      for (let frame = 0; frame < geometry.frames; frame++) yield* plane(batch, frame, colour)
    }
  }
}

/** Bytes of a picture up to this size are kept for the next frame, of which three of four show the same. */
const MAX_REPEATED_PIXELS = 1_048_576

type BytesOf = (from: number, to: number) => Promise<Uint8Array>

/** The bytes of one picture after the other, in bands; those of one that comes again are made once. */
function repeatLast(): (picture: Upsampler, bytesOf: BytesOf) => AsyncGenerator<Uint8Array> {
  let last: { picture: Upsampler; bands: Uint8Array[] } | undefined
  return async function* (picture, bytesOf) {
    if (last?.picture === picture) return yield* last.bands
    last = undefined
    const bands: Uint8Array[] = []
    const isSmall = picture.width * picture.height <= MAX_REPEATED_PIXELS
    for (const [from, to] of bandsOf(picture)) {
      const band = await bytesOf(from, to)
      if (isSmall) bands.push(band)
      yield band
    }
    if (isSmall) last = { picture, bands }
  }
}

/** Rows of a picture that are made at a time. */
function* bandsOf({ width, height }: Upsampler): Generator<[from: number, to: number]> {
  const rows = Math.max(1, Math.floor(BAND_PIXELS / width))
  for (let from = 0; from < height; from += rows) yield [from, Math.min(from + rows, height)]
}

/** Planes of one picture follow each other often; making it once per run of them is enough. */
function memoiseLast(make: PictureOf): PictureOf {
  let last: { batch: number; frame: number; picture: Promise<Upsampler> } | undefined
  return (batch, frame) => {
    if (last?.batch !== batch || last.frame !== frame) last = { batch, frame, picture: make(batch, frame) }
    return last.picture
  }
}
