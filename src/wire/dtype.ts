/** Element types a latent may arrive in. Names are torch's, as `str(tensor.dtype)` prints them. */
export const LATENT_DTYPES = ['float32', 'float16', 'bfloat16'] as const
export type LatentDtype = (typeof LATENT_DTYPES)[number]

/** Element types an answer may have: `uint8` is a picture that is already post-processed. */
export type AnswerDtype = LatentDtype | 'uint8'

const ITEM_BYTES: Readonly<Record<AnswerDtype, number>> = { float32: 4, float16: 2, bfloat16: 2, uint8: 1 }

export const itemBytes = (dtype: AnswerDtype): number => ITEM_BYTES[dtype]

export const isAnswerDtype = (text: string): text is AnswerDtype => Object.hasOwn(ITEM_BYTES, text)

/** Bytes of a dense tensor. Beyond 2^53 the product is rounded, which every limit refuses anyway. */
export function tensorBytes(shape: readonly number[], dtype: AnswerDtype): number {
  return shape.reduce((product, size) => product * size, itemBytes(dtype))
}
