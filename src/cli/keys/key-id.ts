/** A key by its id, or by itself: whoever finds one that leaked has the key and not the id. */
import { InvalidArgumentError } from 'commander'
import { parseKey } from '../../auth/api-key.ts'

export const parseKeyId = (text: string): string => parseNamed(text).id

export interface NamedKey {
  readonly id: string
  /** Whether the key itself was given, whose checksum leaves no room for a typing error. */
  readonly isWhole: boolean
}

export function parseNamed(text: string): NamedKey {
  if (/^[0-9a-f]{16}$/.test(text)) return { id: text, isWhole: false }
  const key = parseKey(text)
  if (key) return { id: key.payload.keyId, isWhole: true }
  throw new InvalidArgumentError('Expected the id of a key, 16 hexadecimal digits, or the key itself.')
}
