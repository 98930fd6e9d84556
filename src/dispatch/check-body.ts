/** Whether bytes can be the answer: a file of the right kind and size, whole where it can be told. */
import type { ExpectedAnswer } from '../models/answer.ts'
import { isComplete, pictureSize, sniff } from '../wire/file-magic.ts'

/**
 * @param bytes the whole body, or its beginning
 * @param whole whether it is all of it
 * @returns what is wrong; undefined when nothing is. A tensor's bytes can be anything, so only its length counts,
 * which is checked while it is received.
 */
export function checkBody(
  bytes: Uint8Array,
  expected: ExpectedAnswer,
  whole: boolean,
): 'invalid' | 'broke-off' | undefined {
  if (expected.kind === 'tensor') return undefined
  const kind = sniff(bytes)
  if (expected.kind === 'video') {
    if (kind !== 'video/mp4') return 'invalid'
  } else {
    if (kind !== expected.mediaType) return 'invalid'
    const size = pictureSize(bytes)
    if (size && (size.width !== expected.width || size.height !== expected.height)) return 'invalid'
  }
  return whole && !isComplete(bytes) ? 'broke-off' : undefined
}
