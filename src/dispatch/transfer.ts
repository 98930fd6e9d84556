/** Moves the bytes of a committed answer, with a watch on both ends. */
import type { Ambient } from '../lib/ambient.ts'
import type { Answer } from './attempt.ts'
import type { ClientEnd, Outlet } from './outlet.ts'
import { FIRST_PIECE_BYTES, type Patience, ROOM_PER_PIECE } from './stall.ts'
import { WatchedReader } from './watched-reader.ts'

/**
 * - `served`: every byte went out
 * - `broke-off`: the backend stopped, or nearly so
 * - `client-gone`, `client-slow`: the client did
 */
export type RelayEnd = 'served' | 'broke-off' | ClientEnd

export interface RelayLimits {
  /** Most bytes of an answer whose length is not known. */
  readonly maxBytes: number
  /** With the backend. */
  readonly patience: Patience
}

/** Where an answer goes, and how. */
export interface Passage {
  readonly outlet: Outlet
  readonly limits: RelayLimits
  readonly ambient: Ambient
}

/** Of what is held already; small enough that a client which takes none of it is noticed. */
const HELD_PIECE_BYTES = 524_288

/** All bytes of an answer, and of those that follow it, into a stream that is closed when every one went out. */
export async function transfer(answer: Answer, passage: Passage): Promise<RelayEnd> {
  let current: Answer | undefined = answer
  while (current) {
    const end = await send(current, passage)
    if (end !== 'served') return end
    current = await answer.following?.next()
  }
  passage.outlet.close()
  return 'served'
}

/** All bytes of one answer; the stream stays open for those of another. */
async function send(answer: Answer, passage: Passage): Promise<RelayEnd> {
  const { beginning, rest } = answer
  for (let at = 0; at < beginning.length; at += HELD_PIECE_BYTES) {
    const failed = await passage.outlet.write(beginning.subarray(at, at + HELD_PIECE_BYTES))
    if (failed) return failed
  }
  return rest ? await pass(answer, rest, passage) : 'served'
}

async function pass(
  { byteLength, abort, beginning, heldBytes }: Answer,
  rest: ReadableStream<Uint8Array>,
  { outlet, limits, ambient }: Passage,
): Promise<RelayEnd> {
  const backend = new WatchedReader(rest, limits.patience, abort, ambient)
  const most = Math.max(FIRST_PIECE_BYTES, heldBytes)
  // Of a stream of unknown length one byte more than there may be shows that it is too long.
  let left = (byteLength ?? limits.maxBytes + 1) - beginning.length
  while (left > 0) {
    const wanted = Math.min(left, most, backend.pieceBytes)
    const piece = await backend.read(wanted, Math.min(left, most, wanted * ROOM_PER_PIECE))
    const isOver = piece.length < wanted
    if (isOver && (byteLength !== undefined || abort.signal.aborted)) return 'broke-off'
    left -= piece.length
    const failed = piece.length > 0 && (await outlet.write(piece))
    if (failed) return failed
    if (isOver) break
  }
  if (byteLength === undefined && left <= 0) return 'broke-off'
  // What is too much is not read at all.
  await backend.cancel()
  return 'served'
}
