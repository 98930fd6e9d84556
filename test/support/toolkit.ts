/**
 * A decoder with the manners of the Hugging Face toolkit: types are matched letter by letter, and whatever it does not
 * like, from a missing parameter to memory that has run out, is a 400.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { readPictureHeader } from '../../src/wire/picture-header.ts'
import { pictureFile, serveFile, serveTensor, VIDEO_FILE } from './answers.ts'
import { head } from './behaviours.ts'
import type { BackendRequest, Behaviour } from './fake-backend.ts'

const ITEM: Readonly<Record<string, number>> = { float16: 2, bfloat16: 2, float32: 4 }
const ACCEPTED = ['image/jpeg', 'image/png', 'tensor/binary', 'text/plain']

/** Bytes that belong to this latent and to no other. */
export function tensorOf(latent: Uint8Array, length: number): Buffer {
  const key = createHash('sha256').update(latent).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}

export const toolkit: Behaviour = (socket, request) => {
  if (isEncode(request)) return encodeLike(socket, request)
  const wrong = complaint(request)
  if (wrong !== undefined) {
    const body = JSON.stringify({ error: wrong })
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    socket.write(head({ status: '400 Bad Request', headers }) + body)
    return
  }
  answerTo(request)(socket, request)
}

/** A request without output_type, of pixels or of a file; a latent of 8 pixels an element and four channels. */
const isEncode = ({ query }: BackendRequest): boolean => !query.has('output_type')

function sidesOf(file: Buffer): number[] {
  const { height = 0, width = 0 } = readPictureHeader(file) ?? {}
  return [1, 3, height, width]
}

const encodeLike: Behaviour = (socket, request) => {
  const { query, headers, body } = request
  const [batch = 1, , height = 0, width = 0] = query.has('shape')
    ? query.getAll('shape').map(Number)
    : sidesOf(body)
  const isFile = headers['content-type']?.startsWith('image/')
  const isTensor = headers['content-type'] === 'tensor/binary' && query.has('shape')
  if (!isFile && !isTensor) throw new Error(`an encode of ${headers['content-type']}`)
  const shape = [batch, 4, Math.floor(height / 8), Math.floor(width / 8)]
  const length = shape.reduce((product, side) => product * side, 2)
  serveTensor(shape, 'float16', tensorOf(body, length))(socket, request)
}

function complaint({ headers, query, body }: BackendRequest): string | undefined {
  const type = headers['content-type'] ?? 'None'
  if (type !== 'tensor/binary') return `Content type "${type}" not supported.`
  const size = ITEM[query.get('dtype') ?? '']
  if (size === undefined) return 'Expected `dtype` in query params.'
  const shape = query.getAll('shape').map(Number)
  if (shape.length < 3) return 'Expected `shape` in query params.'
  if (shape.reduce((product, side) => product * side, size) !== body.length)
    return 'shape is invalid for input'
  if (shape.length === 3 && !query.has('height')) return 'height and width are needed'
  return ACCEPTED.includes(headers.accept ?? '')
    ? undefined
    : `Accept type "${headers.accept}" not supported.`
}

/** The right answer, as section 5 of the protocol has it. */
function answerTo({ query, headers, body }: BackendRequest): Behaviour {
  const shape = query.getAll('shape').map(Number)
  const [batch = 1, channels = 1] = shape
  const isVideo = shape.length === 5
  const isPacked = shape.length === 3
  const pixels = (axis: number, name: string): number =>
    isPacked ? Number(query.get(name)) : (shape.at(axis) ?? 0) * 8
  const [height, width] = [pixels(-2, 'height'), pixels(-1, 'width')]
  if (headers.accept === 'text/plain') return serveFile(VIDEO_FILE)
  if (headers.accept === 'image/jpeg' || headers.accept === 'image/png') {
    return serveFile(pictureFile(width, height, headers.accept))
  }
  const frames = isVideo ? ((shape[2] ?? 1) - 1) * 4 + 1 : 1
  const isBytes = query.get('output_type') === 'pt' && query.get('partial_postprocess') === 'True'
  const isUnit = isVideo && query.get('output_type') === 'pil'
  const dtype = isBytes ? 'uint8' : isPacked || (channels === 16 && !isVideo) ? 'bfloat16' : 'float16'
  const answered = isVideo
    ? isBytes
      ? [frames, height, width, 3]
      : isUnit
        ? [frames, 3, height, width]
        : [batch, 3, frames, height, width]
    : isBytes
      ? [batch, height, width, 3]
      : [batch, 3, height, width]
  const length = answered.reduce((product, side) => product * side, isBytes ? 1 : 2)
  return serveTensor(answered, dtype, tensorOf(body, length))
}
