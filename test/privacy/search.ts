/**
 * Searches bytes for every form of every canary in one pass, and again inside what is compressed or in base64 there.
 * A pass looks at eight bytes at a time, which stand in the middle of each pattern.
 */
import { brotliDecompressSync, constants, inflateRawSync, zstdDecompressSync } from 'node:zlib'
import { type Canary, piecesOf } from './canary.ts'
import { formsOf } from './forms.ts'

export interface Finding {
  readonly canary: Canary
  /** `raw`, or `hex in gzip in base64`. */
  readonly form: string
  readonly at: number
}

interface Entry {
  readonly canary: Canary
  readonly form: string
  readonly pattern: Buffer
  /** Of the eight bytes in the pattern. */
  readonly anchor: number
}

const ANCHOR_BYTES = 8
const FILTER_BITS = 24
/** A packer of packers ends here. */
const MAX_DEPTH = 3
/** Of what one stream unpacks to. */
const MAX_UNPACKED = 16_000_000

export class Search {
  readonly #filter = new Uint8Array(2 ** (FILTER_BITS - 3))
  readonly #entries = new Map<number, Entry[]>()
  patterns = 0
  bytes = 0

  constructor(canaries: Iterable<Canary>) {
    for (const canary of canaries) {
      for (const { piece, at } of piecesOf(canary)) {
        for (const { name, pattern } of formsOf(piece, at)) this.#add(canary, name, pattern)
      }
    }
  }

  #add(canary: Canary, form: string, pattern: Buffer): void {
    const anchor = (pattern.length - ANCHOR_BYTES) >> 1
    const hash = hashOf(pattern.readUInt32BE(anchor), pattern.readUInt32BE(anchor + 4))
    const same = this.#entries.get(hash)
    // A piece without anything to escape has the same pattern in several forms.
    if (same?.some((entry) => entry.canary === canary && entry.pattern.equals(pattern))) return
    this.patterns++
    const entry = { canary, form, pattern, anchor }
    if (same) same.push(entry)
    else this.#entries.set(hash, [entry])
    const bit = hash >>> (32 - FILTER_BITS)
    this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] ?? 0) | (1 << (bit & 7))
  }

  /** Every canary that is in the bytes, once per form. */
  in(bytes: Buffer): Finding[] {
    const found = new Map<string, Finding>()
    for (const finding of this.#at(bytes, 0)) {
      const id = `${finding.canary.id} ${finding.form}`
      if (!found.has(id)) found.set(id, finding)
    }
    return [...found.values()]
  }

  #at(bytes: Buffer, depth: number): Finding[] {
    this.bytes += bytes.length
    const found = this.#direct(bytes)
    if (depth === MAX_DEPTH) return found
    for (const { kind, at, bytes: inner } of unpackedIn(bytes, depth)) {
      for (const { canary, form } of this.#at(inner, depth + 1)) {
        found.push({ canary, form: `${form} in ${kind}`, at })
      }
    }
    return found
  }

  #direct(bytes: Buffer): Finding[] {
    const found: Finding[] = []
    let high = 0
    let low = 0
    for (let end = 0; end < bytes.length; end++) {
      high = (high << 8) | (low >>> 24)
      low = (low << 8) | (bytes[end] ?? 0)
      const hash = hashOf(high, low)
      const bit = hash >>> (32 - FILTER_BITS)
      if (!((this.#filter[bit >>> 3] ?? 0) & (1 << (bit & 7)))) continue
      for (const { canary, form, pattern, anchor } of this.#entries.get(hash) ?? []) {
        const at = end + 1 - ANCHOR_BYTES - anchor
        if (
          at >= 0 &&
          bytes.compare(pattern, 0, pattern.length, at, Math.min(at + pattern.length, bytes.length)) === 0
        ) {
          found.push({ canary, form, at })
        }
      }
    }
    return found
  }
}

const hashOf = (high: number, low: number): number => {
  const mixed = Math.imul(high ^ Math.imul(low, 0x9e37_79b1), 0x85eb_ca6b)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

interface Unpacked {
  readonly kind: string
  readonly at: number
  readonly bytes: Buffer
}

/** A stream may be cut, and something else may follow it; its checksum is of no interest. */
const LENIENT = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_UNPACKED }

const attempt = (kind: string, at: number, unpack: () => Buffer): Unpacked[] => {
  try {
    const bytes = unpack()
    return bytes.length > 0 ? [{ kind, at, bytes }] : []
  } catch {
    return []
  }
}

/** The magic, then ten bytes in all, then what the flags say (RFC 1952). */
function gzipHeaderBytes(bytes: Buffer, at: number): number {
  const flags = bytes[at + 3] ?? 0
  let end = at + 10
  if (flags & 4) end += 2 + bytes.readUInt16LE(end)
  // A name and a comment, each with a zero at its end.
  for (const flag of [8, 16]) if (flags & flag) end = bytes.indexOf(0, end) + 1
  return end - at + (flags & 2 ? 2 : 0)
}

function* unpackedIn(bytes: Buffer, depth: number): Generator<Unpacked> {
  for (const at of allOf(bytes, Buffer.from([0x1f, 0x8b, 0x08]))) {
    yield* attempt('gzip', at, () => inflateRawSync(bytes.subarray(at + gzipHeaderBytes(bytes, at)), LENIENT))
  }
  // What zlib writes at its four levels.
  for (const level of [0x01, 0x5e, 0x9c, 0xda]) {
    for (const at of allOf(bytes, Buffer.from([0x78, level]))) {
      yield* attempt('zlib', at, () => inflateRawSync(bytes.subarray(at + 2), LENIENT))
    }
  }
  for (const at of allOf(bytes, Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) {
    yield* attempt('zstd', at, () =>
      zstdDecompressSync(bytes.subarray(at), { maxOutputLength: MAX_UNPACKED }),
    )
  }
  // These two have no mark by which they could be known inside of something else.
  yield* attempt('deflate', 0, () => inflateRawSync(bytes, LENIENT))
  yield* attempt('brotli', 0, () => brotliDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED }))
  if (depth < MAX_DEPTH - 1) yield* base64In(bytes)
}

function* base64In(bytes: Buffer): Generator<Unpacked> {
  for (const { 0: run, index } of bytes.toString('latin1').matchAll(/[A-Za-z0-9+/_-]{40,}/g)) {
    yield { kind: 'base64', at: index, bytes: Buffer.from(run, 'base64') }
  }
}

function* allOf(bytes: Buffer, pattern: Buffer): Generator<number> {
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) yield at
}
