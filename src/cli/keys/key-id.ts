/** A key by its id, or by itself: whoever finds one that leaked has the key and not the id. */
import { InvalidArgumentError } from 'commander'
import { parseKey } from '../../auth/api-key.ts'

export function parseKeyId(text: string): string {
  if (/^[0-9a-f]{16}$/.test(text)) return text
  const key = parseKey(text)
  if (key) return key.payload.keyId
  throw new InvalidArgumentError('Expected the id of a key, 16 hexadecimal digits, or the key itself.')
}
