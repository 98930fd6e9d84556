/**
 * The one long string of a JSON text, and the text without it. A latent in base64 is nearly all of a request in JSON; what
 * stands beside it is short, or nothing that is read. So however long the text is, little of it is parsed as JSON, the
 * costly part: a million parameters take as long as forty latents.
 */

/** Characters that may stand beside the long string; a few hundred do. */
export const MAX_BESIDE = 65_536

/** A string that is longer is set aside. */
const LONG = 1_024

export interface SetAside {
  /** JSON, if the text was: `placeholder` stands for the long string. */
  readonly beside: string
  /** As it stands between its quotes. */
  readonly long: string | undefined
}

/** Stands for the string that was set aside. */
export const placeholder = '\u0001set aside'

/** @returns null when too much stands beside, or there are two long strings; in time that grows with the length alone */
export function setAside(text: string): SetAside | null {
  let long: { readonly start: number; readonly end: number } | undefined
  const besideLength = (upTo: number): number => upTo - (long ? long.end - long.start : 0)
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    const start = at + 1
    const end = endOf(text, start)
    if (end < 0) return null
    if (end - start > LONG) {
      if (long) return null
      long = { start, end }
    }
    if (besideLength(end) > MAX_BESIDE) return null
    at = end
  }
  if (besideLength(text.length) > MAX_BESIDE) return null
  if (!long) return { beside: text, long: undefined }
  const beside = text.slice(0, long.start) + JSON.stringify(placeholder).slice(1, -1) + text.slice(long.end)
  return { beside, long: text.slice(long.start, long.end) }
}

/** Where the string ends that starts there; -1 where it does not, or has a quote in it after being long already. */
function endOf(text: string, start: number): number {
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 1)) {
    if (!isEscaped(text, start, at)) return at
    if (at - start > LONG) return -1
  }
  return -1
}

function isEscaped(text: string, start: number, at: number): boolean {
  let backslashes = 0
  while (at - backslashes > start && text[at - backslashes - 1] === '\\') backslashes++
  return backslashes % 2 === 1
}
