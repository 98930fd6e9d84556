/** An answer in the form that was asked for. */
import { TENSOR } from '../../wire/media-types.ts'
import type { As, Progress } from '../options.ts'
import type { Receive } from '../send/send.ts'
import { type Tensor, tensorOf } from '../tensor/tensor.ts'
import { readWhole, watchStream } from './body.ts'
import { contentsOf } from './contents.ts'
import { type AnswerFacts, factsOf } from './facts.ts'

/** `ImageBitmap` where the platform has it. */
export type Bitmap = typeof globalThis extends { createImageBitmap: (blob: Blob) => Promise<infer B> }
  ? B
  : unknown

/** The forms of an answer, each under its own name. */
export interface Bodies {
  readonly blob: Blob
  readonly bitmap: Bitmap
  readonly tensor: Tensor
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
}

/** `{ blob, model, warnings, … }` */
export type Answer<A extends As> = AnswerFacts & Pick<Bodies, A>

type Drawer = (blob: Blob) => Promise<Bitmap>

/** @throws TypeError where the platform has no bitmaps, before anything is sent */
export function checkForm(as: As, accepted: string): void {
  const isTensor = accepted === TENSOR
  if (as === 'bitmap' && !drawer()) throw new TypeError('There is no createImageBitmap here; take a blob.')
  if (as === 'tensor' ? !isTensor : as === 'bitmap' && !accepted.startsWith('image/'))
    throw new TypeError(`${accepted} cannot be given as a ${as}.`)
}

const drawer = (): Drawer | undefined => (globalThis as { createImageBitmap?: Drawer }).createImageBitmap

/** @param accepted media type that was asked for */
export const receiverOf =
  <A extends As>(
    as: A,
    accepted: string,
    onProgress: ((progress: Progress) => void) | undefined,
  ): Receive<Answer<A>> =>
  async (response, call) => {
    const facts = factsOf(response.headers)
    const contents = contentsOf(response.headers, accepted)
    const form: As = as
    if (form === 'stream') {
      call.endDeadline()
      const stream = watchStream(response, contents, onProgress, call.close)
      return { ...facts, stream } as unknown as Answer<A>
    }
    const bytes = await readWhole(response, contents, onProgress)
    call.close()
    const body = await bodyIn(form, bytes, contents.tensor, accepted)
    return { ...facts, [form]: body } as unknown as Answer<A>
  }

async function bodyIn(
  as: Exclude<As, 'stream'>,
  bytes: Uint8Array<ArrayBuffer>,
  told: Pick<Tensor, 'shape' | 'dtype'> | undefined,
  type: string,
): Promise<Blob | Tensor | Bitmap> {
  if (as === 'tensor' && told) {
    const tensor = tensorOf(told.shape, told.dtype, bytes)
    if (tensor.ok) return tensor.value
  }
  const blob = new Blob([bytes], { type })
  const draw = as === 'bitmap' && drawer()
  return draw ? draw(blob) : blob
}
