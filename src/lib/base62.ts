const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const DIGIT = new Map([...ALPHABET].map((char, value) => [char, BigInt(value)]))

/** Characters that `byteLength` bytes take at most, hence always (text is left-padded to it). */
export const base62Length = (byteLength: number): number =>
  Math.ceil((byteLength * 8) / Math.log2(ALPHABET.length))

/** Big-endian bytes as base62 text of fixed length. */
export function encodeBase62(bytes: Uint8Array): string {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  let text = ''
  for (; value > 0n; value /= 62n) text = ALPHABET[Number(value % 62n)] + text
  return text.padStart(base62Length(bytes.length), '0')
}

/** Base62 text as exactly `byteLength` bytes; null for a foreign character, another length or an overflow. */
export function decodeBase62(text: string, byteLength: number): Uint8Array<ArrayBuffer> | null {
  if (text.length !== base62Length(byteLength)) return null
  let value = 0n
  for (const char of text) {
    const digit = DIGIT.get(char)
    if (digit === undefined) return null
    value = value * 62n + digit
  }
  const bytes = new Uint8Array(byteLength)
  for (let i = byteLength - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 0xffn)
  return value === 0n ? bytes : null
}
