/** What a backend that is well says: pictures of latents, and latents of pictures, each of which nobody else gets. */
import { readPictureHeader } from '../../src/wire/picture-header.ts'
import { pictureOf } from '../support/behaviours.ts'
import type { BackendRequest } from '../support/fake-backend.ts'
import { tensorOf } from '../support/toolkit.ts'

export interface RightAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly kind: 'latent' | 'picture'
  /** One for each latent of a batch, in order. */
  readonly parts: readonly { readonly asked: Buffer; readonly bytes: Buffer }[]
}

export const rightAnswer = (request: BackendRequest): RightAnswer =>
  request.query.has('output_type') ? decoded(request) : encoded(request)

function decoded({ query, body }: BackendRequest): RightAnswer {
  const shape = query.getAll('shape').map(Number)
  const [count, side] = [shape[0] ?? 1, (shape.at(-1) ?? 0) * 8]
  const each = body.length / count
  const parts = Array.from({ length: count }, (_, i) => {
    const asked = body.subarray(i * each, (i + 1) * each)
    return { asked, bytes: pictureOf(asked, side) }
  })
  return { headers: tensorHeaders([count, side, side, 3], 'uint8'), kind: 'picture', parts }
}

function encoded({ query, body }: BackendRequest): RightAnswer {
  const shape = query.getAll('shape').map(Number)
  const { height = shape.at(-2) ?? 0, width = shape.at(-1) ?? 0 } = readPictureHeader(body) ?? {}
  const sides = [1, 4, height >> 3, width >> 3]
  const bytes = tensorOf(
    body,
    sides.reduce((product, side) => product * side, 2),
  )
  return { headers: tensorHeaders(sides, 'float16'), kind: 'latent', parts: [{ asked: body, bytes }] }
}

const tensorHeaders = (shape: readonly number[], dtype: string): Record<string, string> => ({
  'content-type': 'tensor/binary',
  shape: JSON.stringify(shape),
  dtype,
})
