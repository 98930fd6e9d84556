import { imageDimensionsFromData } from 'image-dimensions'

export interface PictureHeader {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/webp'
  readonly width: number
  readonly height: number
}

/** Nearly all files say their size in the first kilobyte; a JPEG with profiles and thumbnails later. */
export const PICTURE_HEAD_BYTES = 262_144

const MEDIA_TYPES: Readonly<Record<string, PictureHeader['mediaType']>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
}

/**
 * What a picture's file says of itself; undefined for what is no PNG, JPEG or WebP, and where the size is not within
 * the bytes that are there. Its pixels are stored in that order, whatever its EXIF says of turning them.
 */
export function readPictureHeader(head: Uint8Array): PictureHeader | undefined {
  try {
    const { type = '', width = 0, height = 0 } = imageDimensionsFromData(head) ?? {}
    const mediaType = MEDIA_TYPES[type]
    return mediaType && width > 0 && height > 0 ? { mediaType, width, height } : undefined
  } catch {
    // It reads where the header points to, which may be beyond the end.
    return undefined
  }
}
