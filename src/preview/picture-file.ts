import { encodeJpeg } from './jpeg.ts'
import { encodePng } from './png.ts'
import type { Turns } from './turns.ts'
import type { Upsampler } from './upsampler.ts'

/** A frame as the bytes of a picture file. */
export const encodePicture = (
  picture: Upsampler,
  mediaType: 'image/jpeg' | 'image/png',
  turns: Turns,
): Promise<Uint8Array> =>
  mediaType === 'image/png' ? encodePng(picture, turns) : turns.run(encodeJpeg(picture))
