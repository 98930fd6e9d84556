/** What is sent and what comes back: the sizes that people's latents and pictures have, made once and always the same. */
import { rawStd } from '../../src/inspection/scale.ts'
import { findModel } from '../../src/models/registry.ts'
import { type AnswerDtype, type LatentDtype, tensorBytes } from '../../src/wire/dtype.ts'
import { formatShape, HEADER } from '../../src/wire/headers.ts'
import { writeFloats } from '../../src/wire/tensor.ts'

export interface Cell {
  /** `32k/60k`: up and down. */
  readonly id: string
  readonly model: string
  /** Path and query of the request. */
  readonly target: string
  readonly accept: string
  readonly shape: readonly number[]
  readonly dtype: LatentDtype
  readonly answer: FixedAnswer
}

interface FixedAnswer {
  readonly bytes: number
  readonly headers: Readonly<Record<string, string>>
  /** Width and height of a picture; of a tensor there is nothing to be seen in its bytes. */
  readonly size?: readonly [width: number, height: number]
}

export const picture = (bytes: number, type: 'image/jpeg' | 'image/png', width: number, height: number) => ({
  bytes,
  headers: { 'content-type': type },
  size: [width, height] as const,
})

const tensor = (dtype: AnswerDtype, ...shape: readonly number[]): FixedAnswer => ({
  bytes: tensorBytes(shape, dtype),
  headers: { 'content-type': 'tensor/binary', [HEADER.shape]: formatShape(shape), [HEADER.dtype]: dtype },
})

function cell(
  id: string,
  model: string,
  shape: readonly number[],
  wanted:
    | 'output_type=pil'
    | 'output_type=pil&image_format=png'
    | 'output_type=pt'
    | 'output_type=pt&partial_postprocess=True',
  answer: FixedAnswer,
): Cell {
  const dtype = 'float16'
  const sizes = shape.map((size) => `shape=${size}`).join('&')
  const target = `/${model}?${wanted}&do_scaling=False&dtype=${dtype}&${sizes}`
  return { id, model, target, accept: answer.headers['content-type'] ?? '', shape, dtype, answer }
}

/** There is no `32k/60m`: no VAE makes 60 MB of 32 KB. */
export const CELLS: readonly Cell[] = [
  cell('32k/60k', 'sd-v1', [1, 4, 64, 64], 'output_type=pil', picture(60_000, 'image/jpeg', 512, 512)),
  cell('32k/3m', 'sd-v1', [1, 4, 64, 64], 'output_type=pt', tensor('float32', 1, 3, 512, 512)),
  cell('512k/60k', 'flux', [1, 16, 128, 128], 'output_type=pil', picture(60_000, 'image/jpeg', 1024, 1024)),
  cell(
    '512k/3m',
    'flux',
    [1, 16, 128, 128],
    'output_type=pt&partial_postprocess=True',
    tensor('uint8', 1, 1024, 1024, 3),
  ),
  cell('512k/60m', 'sdxl', [1, 4, 256, 320], 'output_type=pt', tensor('float32', 1, 3, 2048, 2560)),
  cell('4m/60k', 'flux', [1, 16, 256, 512], 'output_type=pil', picture(60_000, 'image/jpeg', 4096, 2048)),
  cell(
    '4m/3m',
    'flux',
    [1, 16, 256, 512],
    'output_type=pil&image_format=png',
    picture(3_145_728, 'image/png', 4096, 2048),
  ),
  cell('4m/60m', 'flux', [1, 16, 256, 512], 'output_type=pt', tensor('float16', 1, 3, 2048, 4096)),
]

export const bodyBytes = ({ shape, dtype }: Cell): number => tensorBytes(shape, dtype)

/** Numbers as a latent has them, so that there is nothing to warn of. */
export function bodyOf(cell: Cell): Buffer {
  const length = cell.shape.reduce((product, size) => product * size)
  const model = findModel(cell.model)
  const amplitude = Math.SQRT2 * ((model && rawStd(model.scaling)) ?? 1)
  const values = Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7) * amplitude)
  return Buffer.from(writeFloats(values, cell.dtype))
}

/** A whole HTTP response; a picture has the marks by which one is known, and nothing to be seen in between. */
export function answerOf({ answer }: Cell): Buffer {
  const { bytes, headers } = answer
  const body = bytesOf(answer)
  const fields = Object.entries({ ...headers, 'content-length': String(bytes) })
  const head = `HTTP/1.1 200 OK\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

export function bytesOf({ bytes, headers, size }: FixedAnswer): Buffer {
  const body = Buffer.alloc(bytes, 0x55)
  if (size) draw(body, headers['content-type'] === 'image/png', size)
  return body
}

function draw(body: Buffer, isPng: boolean, [width, height]: readonly [number, number]): void {
  if (isPng) {
    body.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52])
    body.writeUInt32BE(width, 16)
    body.writeUInt32BE(height, 20)
    body.write('IEND', body.length - 8, 'latin1')
  } else {
    body.set([0xff, 0xd8, 0xff, 0xc0, 0, 17, 8])
    body.writeUInt16BE(height, 7)
    body.writeUInt16BE(width, 9)
    body.set([0xff, 0xd9], body.length - 2)
  }
}
