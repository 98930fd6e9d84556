/** Right answers of backends in the forms that clients ask for, beside the uint8 pictures of `behaviours.ts`. */
import { encode as encodePng } from 'fast-png'
import { encode as encodeJpeg } from 'jpeg-js'
import { head } from './behaviours.ts'
import type { BackendRequest, Behaviour } from './fake-backend.ts'

/** A tensor of the given shape and bytes. */
export const serveTensor =
  (shape: readonly number[], dtype: string, bytes: Uint8Array): Behaviour =>
  (socket) => {
    const headers = {
      'content-type': 'tensor/binary',
      shape: JSON.stringify(shape),
      dtype,
      'content-length': bytes.length,
    }
    socket.write(head({ headers }))
    socket.write(bytes)
  }

/** A file, under the type that it was asked for by. */
export const serveFile =
  (bytes: Uint8Array): Behaviour =>
  (socket, { headers }) => {
    const type = headers.accept ?? ''
    socket.write(head({ headers: { 'content-type': type, 'content-length': bytes.length } }))
    socket.write(bytes)
  }

/** Grey pictures of any size as files. */
export function pictureFile(width: number, height: number, type: 'image/jpeg' | 'image/png'): Uint8Array {
  if (type === 'image/png') {
    return encodePng({ width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(128) })
  }
  return encodeJpeg({ width, height, data: new Uint8Array(width * height * 4).fill(128) }, 75).data
}

/** The smallest MP4 there is: what kind of file it is, where its samples are described, and none of them. */
export const VIDEO_FILE = Buffer.concat([
  box('ftyp', Buffer.from('isom\0\0\0\0isom', 'latin1')),
  box('moov', Buffer.alloc(8)),
  box('mdat', Buffer.alloc(8)),
])

function box(kind: string, contents: Uint8Array): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(8 + contents.length)
  return Buffer.concat([size, Buffer.from(kind, 'latin1'), contents])
}

/** Pixels along the sides of the picture that a backend is asked for, by an unpacked shape or by height and width. */
export function pixelsOf({ query }: BackendRequest): { width: number; height: number } {
  const [height = 0, width = 0] = query.getAll('shape').slice(-2).map(Number)
  const packed = query.has('height')
  return packed
    ? { height: Number(query.get('height')), width: Number(query.get('width')) }
    : { height: height * 8, width: width * 8 }
}
