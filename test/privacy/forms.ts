/** The forms in which bytes can turn up: as they are, or as something on the way wrote them down. */

/** Enough not to be there by chance, and little enough to survive a text that was cut. */
export const PIECE_BYTES = 16

/** Of base64, so that a whole number of its groups is inside whatever the alignment is. */
const ALIGNED_BYTES = 12

const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0')
const UNRESERVED = /[\w.~-]/

export interface Form {
  readonly name: string
  readonly pattern: Buffer
}

/**
 * Every form of a piece of `PIECE_BYTES`.
 *
 * @param at where the piece begins in what it was cut from
 */
export function formsOf(piece: Buffer, at: number): Form[] {
  const latin1 = piece.toString('latin1')
  const bytes = [...piece]
  const text = (name: string, pattern: string): Form => ({ name, pattern: Buffer.from(pattern, 'utf8') })
  const escaped = bytes.map((byte) => `%${hexOf(byte)}`)
  const asInUrl = [...latin1].map((char, i) => (UNRESERVED.test(char) ? char : escaped[i]))
  const json = JSON.stringify(latin1).slice(1, -1)
  const aligned = [0, 1, 2].flatMap((skip): Form[] => {
    const base64 = piece.subarray(skip, skip + ALIGNED_BYTES).toString('base64')
    return [
      text(`base64 at ${skip}`, base64),
      text(`base64url at ${skip}`, base64.replaceAll('+', '-').replaceAll('/', '_')),
    ]
  })
  return [
    { name: 'raw', pattern: piece },
    text('text', latin1),
    text('capitals', latin1.toUpperCase()),
    { name: 'UTF-16', pattern: Buffer.from(latin1, 'utf16le') },
    text('hex', piece.toString('hex')),
    text('HEX', piece.toString('hex').toUpperCase()),
    text('hex with spaces', bytes.map(hexOf).join(' ')),
    ...aligned,
    text('percent', escaped.join('')),
    text('PERCENT', escaped.join('').toUpperCase()),
    text('URL', asInUrl.join('')),
    text('URL of text', encodeURIComponent(latin1)),
    text('JSON', json),
    text(
      'ASCII JSON',
      json.replace(/[^ -~]/g, (char) => `\\u00${hexOf(char.charCodeAt(0))}`),
    ),
    text('list', bytes.join(',')),
    text('list with spaces', bytes.join(', ')),
    // What JSON.stringify makes of a Uint8Array.
    text('indexed', bytes.map((byte, i) => `"${at + i}":${byte}`).join(',')),
  ]
}

/** Names of all forms of bytes; those of compression and nesting are added by the search. */
export const formNames: readonly string[] = formsOf(Buffer.alloc(PIECE_BYTES), 0).map(({ name }) => name)
