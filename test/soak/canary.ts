/** Finds bytes of latents in text, however they were written down. */

/** The forms in which bytes get into a log: as they are, hexadecimal, base64 at each alignment, a list of numbers. */
export function canaryForms(canary: Uint8Array): readonly string[] {
  const bytes = Buffer.from(canary)
  // A run that is long enough not to be there by chance, and short enough to survive a cut.
  const piece = bytes.subarray(0, 16)
  const base64 = [0, 1, 2].map((skip) => piece.subarray(skip, skip + 12).toString('base64'))
  return [
    piece.toString('latin1'),
    piece.toString('utf8'),
    piece.toString('hex'),
    piece.toString('hex').toUpperCase(),
    [...piece].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    [...piece].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    [...piece].join(','),
    [...piece].join(', '),
    JSON.stringify(piece.toString('latin1')).slice(1, -1),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
}

/** @returns a function that says whether text holds the canary in any form */
export function canaryScanner(canary: Uint8Array): (text: string) => boolean {
  const forms = canaryForms(canary)
  return (text) => forms.some((form) => text.includes(form))
}
