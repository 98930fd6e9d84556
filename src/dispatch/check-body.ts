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
  switch (expected.kind) {
    case 'tensor':
      return undefined
    case 'video':
      if (sniff(bytes) !== 'video/mp4') return 'invalid'
      return whole && !isComplete(bytes) ? 'broke-off' : undefined
    case 'image': {
      if (sniff(bytes) !== expected.mediaType) return 'invalid'
      const size = pictureSize(bytes)
      if (size && (size.width !== expected.width || size.height !== expected.height)) return 'invalid'
      if (!whole) return undefined
      if (!isComplete(bytes)) return 'broke-off'
      return size ? undefined : 'invalid'
    }
  }
}
