/** Backends that decode batches, and what a whole batch looks like: raw pictures, one after the other. */
import { writeFloats } from '../../src/wire/tensor.ts'
import { head, pictureOf } from './behaviours.ts'
import type { BackendRequest, Behaviour } from './fake-backend.ts'

/** Latents that the request holds. */
export const countOf = ({ query }: BackendRequest): number => Number(query.getAll('shape')[0])

const sideOf = ({ query }: BackendRequest): number =>
  query.has('height') ? Number(query.get('height')) : Number(query.getAll('shape').at(-1)) * 8

/** The one right answer to a batch: the pictures of its latents. */
export function picturesOf(body: Uint8Array, count: number, side: number): Buffer {
  const bytes = body.length / count
  const latents = Array.from({ length: count }, (_, i) => body.subarray(i * bytes, (i + 1) * bytes))
  return Buffer.concat(latents.map((latent) => pictureOf(latent, side)))
}

const headOf = (request: BackendRequest, length: number): string => {
  const [count, side] = [countOf(request), sideOf(request)]
  const type = { 'content-type': 'tensor/binary', shape: `[${count},${side},${side},3]`, dtype: 'uint8' }
  return head({ headers: { ...type, 'content-length': length } })
}

/** A right answer, after so long for each latent. */
export const serveBatch =
  (msPerLatent = 0): Behaviour =>
  (socket, request) => {
    const pictures = picturesOf(request.body, countOf(request), sideOf(request))
    setTimeout(() => {
      socket.write(headOf(request, pictures.length))
      socket.write(pictures)
    }, msPerLatent * countOf(request))
  }

/** The right head and so many bytes; the connection dies when `until` resolves. */
export const dieAfter =
  (bytes: number, until: Promise<void> = Promise.resolve()): Behaviour =>
  (socket, request) => {
    const pictures = picturesOf(request.body, countOf(request), sideOf(request))
    socket.write(headOf(request, pictures.length))
    socket.write(pictures.subarray(0, bytes), () => void until.then(() => socket.resetAndDestroy()))
  }

/** Floats that are all alike in each picture: the first number of its latent, which both dtypes must know exactly. */
export const serveFloats =
  (dtype: 'float16' | 'bfloat16'): Behaviour =>
  (socket, request) => {
    const [count, side] = [countOf(request), sideOf(request)]
    const pixels = side * side * 3
    const latents = new Float16Array(new Uint8Array(request.body).buffer)
    const values = new Float32Array(count * pixels)
    for (let i = 0; i < count; i++) {
      values.fill(latents[(i * latents.length) / count] ?? 0, i * pixels, (i + 1) * pixels)
    }
    const bytes = new Uint8Array(writeFloats(values, dtype))
    const shape = `[${count},3,${side},${side}]`
    const headers = { 'content-type': 'tensor/binary', shape, dtype, 'content-length': bytes.length }
    socket.write(head({ headers }))
    socket.write(bytes)
  }

/** Bytes of so many latents that differ from each other and from all others. */
export function latents(count: number, side: number, latent: (side: number) => Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => latent(side)))
}

export const batchQuery = (count: number, side: number, output = 'pt&partial_postprocess=True'): string =>
  `output_type=${output}&shape=${count}&shape=4&shape=${side}&shape=${side}&dtype=float16&do_scaling=True`
