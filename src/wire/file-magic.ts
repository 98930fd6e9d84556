/** What a picture or video file says of itself: enough to tell a whole answer from a broken one. */

const ascii = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length))

const big32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at)

export type MediaFile = 'image/png' | 'image/jpeg' | 'video/mp4'

/** The kind of file by its first bytes; undefined when it is none of ours. */
export function sniff(head: Uint8Array): MediaFile | undefined {
  if (head.length >= 8 && big32(head, 0) === 0x89504e47 && big32(head, 4) === 0x0d0a1a0a) return 'image/png'
  if (head.length >= 3 && head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'image/jpeg'
  if (head.length >= 8 && ascii(head, 4, 4) === 'ftyp') return 'video/mp4'
  return undefined
}

/** Pixel size of a PNG or JPEG by its header; undefined when the header is not within `head`. */
export function pictureSize(head: Uint8Array): { width: number; height: number } | undefined {
  const kind = sniff(head)
  if (kind === 'image/png') {
    return head.length >= 24 ? { width: big32(head, 16), height: big32(head, 20) } : undefined
  }
  return kind === 'image/jpeg' ? jpegSize(head) : undefined
}

function jpegSize(head: Uint8Array): { width: number; height: number } | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  for (let at = 2; at + 9 <= head.length && head[at] === 0xff; ) {
    const marker = head[at + 1] as number
    if (marker === 0xff) {
      at++ // any number of these may stand before a marker
      continue
    }
    // SOF0 to SOF15, but for the tables that share the range: DHT, JPG, DAC.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    }
    at += 2 + view.getUint16(at + 2)
  }
  return undefined
}

/**
 * Whether the file ends where its format says it must. A connection that closes without a length leaves no other
 * sign of truncation.
 */
export function isComplete(file: Uint8Array): boolean {
  switch (sniff(file)) {
    case 'image/png':
      return file.length >= 20 && ascii(file, file.length - 8, 4) === 'IEND'
    case 'image/jpeg':
      return file[file.length - 2] === 0xff && file[file.length - 1] === 0xd9
    case 'video/mp4':
      return boxesFill(file)
    default:
      return false
  }
}

/** Top-level boxes of an MP4 must add up to the file, and among them be the index and the pictures. */
function boxesFill(file: Uint8Array): boolean {
  const types = new Set<string>()
  let at = 0
  while (at + 8 <= file.length) {
    types.add(ascii(file, at + 4, 4))
    let size = big32(file, at)
    if (size === 0) size = file.length - at // the last box runs to the end of the file
    if (size === 1 && at + 16 <= file.length) size = big32(file, at + 8) * 2 ** 32 + big32(file, at + 12)
    if (size < 8) return false
    at += size
  }
  return at === file.length && types.has('moov') && types.has('mdat')
}
