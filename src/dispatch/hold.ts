/** What an answer takes of the isolate's byte budget, before any of it is received. */
import type { ByteBudget } from './byte-budget.ts'
import type { AnswerHead } from './check-headers.ts'
import { MAX_PIECE_BYTES, ROOM_PER_PIECE } from './stall.ts'

export interface Hold {
  /** Paid for. */
  readonly bytes: number
  /** What is received before the answer is committed to. */
  readonly beginningBytes: number
  /** Whether that is all there may be. */
  readonly isWhole: boolean
  readonly release: () => void
}

/** Of an answer that is streamed, this much is seen before it is committed to, and not paid for. */
const BEGINNING_BYTES = 65_536

/** Of an answer that is streamed, a piece on its way and what arrives beyond it. */
export const STREAMED_BYTES = MAX_PIECE_BYTES * ROOM_PER_PIECE

/** Most bytes that are received before the client gets the first. */
export const receivedAtOnce = ({ byteLength, maxBytes }: AnswerHead, commitBytes: number): number =>
  Math.min(byteLength ?? maxBytes, Math.max(commitBytes, BEGINNING_BYTES))

/**
 * A small answer is held whole, and so is the beginning of a file of unknown length, which is most likely a small one. Of a
 * larger answer, or where there is no room for that, a piece is held; where there is no room for one either it goes in
 * small pieces that are not paid for.
 */
export function hold(head: AnswerHead, commitBytes: number, budget: ByteBudget): Hold {
  const bound = head.byteLength ?? head.maxBytes
  const isSmall = head.byteLength === undefined || head.byteLength <= commitBytes
  const smallBytes = Math.min(bound, commitBytes)
  const releaseSmall = isSmall ? budget.reserve(smallBytes) : null
  if (releaseSmall) {
    const beginningBytes = receivedAtOnce(head, commitBytes)
    return { bytes: smallBytes, beginningBytes, isWhole: bound <= commitBytes, release: releaseSmall }
  }
  const beginningBytes = Math.min(bound, BEGINNING_BYTES)
  const pieceBytes = Math.min(bound, STREAMED_BYTES)
  const releasePiece = budget.reserve(pieceBytes)
  return releasePiece
    ? { bytes: pieceBytes, beginningBytes, isWhole: false, release: releasePiece }
    : { bytes: 0, beginningBytes, isWhole: false, release: () => {} }
}
