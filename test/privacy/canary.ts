/** What nobody else sends and nobody may find: texts and bytes, each with the places where it belongs. */
import { randomBytes } from 'node:crypto'
import { PIECE_BYTES } from './forms.ts'

/** What a canary stands for. */
export type Kind =
  | 'latent'
  | 'picture'
  | 'header'
  | 'query'
  | 'path'
  | 'body'
  | 'key'
  | 'admin token'
  | 'pepper'
  | 'backend token'
  | 'upstream'

export interface Canary {
  readonly id: number
  readonly kind: Kind
  /** `user-agent of GET /health`. */
  readonly name: string
  readonly bytes: Buffer
  /** Names of the sinks where it may be: a key in the one answer that hands it out. */
  readonly home: Set<string>
}

/** Fewer different bytes than this among sixteen might be anything. */
const MIN_DISTINCT = 8

/** All canaries of a run. */
export class Aviary {
  readonly #canaries: Canary[] = []

  /** A text that was made elsewhere, or bytes. */
  add(kind: Kind, name: string, bytes: Buffer | string, ...home: string[]): Canary {
    const canary = { id: this.#canaries.length, kind, name, bytes: Buffer.from(bytes), home: new Set(home) }
    this.#canaries.push(canary)
    return canary
  }

  /** A text of 24 letters and digits, which survives in every place where a text can stand. */
  text(kind: Kind, name: string): string {
    const text = BigInt(`0x1${randomBytes(16).toString('hex')}`)
      .toString(36)
      .slice(-24)
    this.add(kind, name, text)
    return text
  }

  get all(): readonly Canary[] {
    return this.#canaries
  }
}

export interface Piece {
  readonly piece: Buffer
  readonly at: number
}

/** Pieces from the beginning, the middle and the end, for a leak may be a part of the whole. */
export function piecesOf({ bytes, name }: Pick<Canary, 'bytes' | 'name'>): Piece[] {
  const last = bytes.length - PIECE_BYTES
  const spots = new Set([0, last >> 2, last >> 1, (3 * last) >> 2, last])
  const pieces = [...spots].flatMap((at): Piece[] => {
    const piece = bytes.subarray(at, at + PIECE_BYTES)
    return piece.length === PIECE_BYTES && new Set(piece).size >= MIN_DISTINCT ? [{ piece, at }] : []
  })
  if (pieces.length === 0) throw new Error(`${name} has nothing to know it by.`)
  return pieces
}
