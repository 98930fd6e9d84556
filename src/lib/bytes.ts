/** Compares in time that depends on the lengths only, so that a guess learns nothing from the clock. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

/** Bytes of a standard base64 text; null when it is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    // In native code where the platform has it: a loop in JavaScript takes a hundred milliseconds for 12 MB.
    if (native.fromBase64) return native.fromBase64(text)
    const chars = atob(text)
    const bytes = new Uint8Array(chars.length)
    for (let i = 0; i < bytes.length; i++) bytes[i] = chars.charCodeAt(i)
    return bytes
  } catch {
    return null
  }
}

/** Not in every runtime yet. */
const native: { readonly fromBase64?: (text: string) => Uint8Array<ArrayBuffer> } = Uint8Array

/** Bytes that are encoded at a time: groups of three, and no more arguments than a call can have. */
const BASE64_PIECE = 24_576

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += BASE64_PIECE)
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + BASE64_PIECE)))
  return text
}
