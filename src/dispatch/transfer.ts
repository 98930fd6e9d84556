/** Moves the bytes of a committed answer, with a watch on both ends. */
import type { Ambient } from '../lib/ambient.ts'
import type { Answer } from './attempt.ts'
import {
  FIRST_PIECE_BYTES,
  MAX_PIECE_BYTES,
  type Patience,
  unwatchedTimeoutMs,
  WATCHED_BYTES,
} from './stall.ts'
import { WatchedReader, WatchedWriter } from './watched.ts'

/**
 * - `served`: every byte went out
 * - `broke-off`: the backend stopped, or nearly so
 * - `client-gone`, `client-slow`: the client did
 */
export type RelayEnd = 'served' | 'broke-off' | 'client-gone' | 'client-slow'

export interface RelayLimits {
  /** Most bytes of an answer whose length is not known. */
  readonly maxBytes: number
  /** With the backend. */
  readonly patience: Patience
}

/** Where an answer goes, and how. */
export interface Passage {
  readonly writable: WritableStream<Uint8Array>
  readonly limits: RelayLimits
  readonly ambient: Ambient
  /** That were seen to go out; what the native pipe moves is not. */
  sentBytes: number
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
  await passage.writable.close()
  return 'served'
}

/** All bytes of one answer; the stream stays open for those of another. */
async function send(answer: Answer, passage: Passage): Promise<RelayEnd> {
  const { beginning, rest } = answer
  const client = new WatchedWriter(passage.writable, passage.ambient)
  try {
    for (let at = 0; at < beginning.length; at += HELD_PIECE_BYTES) {
      const failed = await client.write(beginning.subarray(at, at + HELD_PIECE_BYTES))
      if (failed) return failed
    }
    if (!rest) return 'served'
    const end = await watch(answer, rest, client, passage)
    if (end !== 'unwatched') return end
    client.letGo()
    return await pipe(answer, rest, passage)
  } finally {
    passage.sentBytes += client.writtenBytes
    client.letGo()
  }
}

/** Moves all of the answer, or so much of it that the rest may go unwatched. */
async function watch(
  answer: Answer,
  rest: ReadableStream<Uint8Array>,
  client: WatchedWriter,
  { limits, ambient }: Passage,
): Promise<RelayEnd | 'unwatched'> {
  const { byteLength, abort, isLengthDeclared } = answer
  const backend = new WatchedReader(rest, limits.patience, abort, ambient)
  const largest = Math.min(MAX_PIECE_BYTES, Math.max(FIRST_PIECE_BYTES, answer.heldBytes))
  // Of a stream of unknown length one byte more than there may be shows that it is too long.
  let left = (byteLength ?? limits.maxBytes + 1) - answer.beginning.length
  // A stream whose length is not declared can end early without an error, so that it is counted to its end.
  const unwatched = isLengthDeclared ? left - WATCHED_BYTES : 0
  while (left > Math.max(0, unwatched)) {
    const wanted = Math.min(left, largest, backend.pieceBytes)
    const piece = await backend.read(wanted)
    const isOver = piece.length < wanted
    if (isOver && (byteLength !== undefined || abort.signal.aborted)) return 'broke-off'
    left -= piece.length
    const failed = piece.length > 0 && (await client.write(piece))
    if (failed) return failed
    if (isOver) break
  }
  if (byteLength === undefined && left <= 0) return 'broke-off'
  if (byteLength !== undefined && left > 0) {
    backend.letGo()
    return 'unwatched'
  }
  // What is too much is not read at all.
  await backend.cancel()
  return 'served'
}

async function pipe(
  { byteLength = 0, abort }: Answer,
  rest: ReadableStream<Uint8Array>,
  { writable, ambient }: Passage,
): Promise<RelayEnd> {
  const stopTimer = ambient.after(unwatchedTimeoutMs(byteLength), () => abort.abort(new Error('too slow')))
  try {
    await rest.pipeTo(writable, { signal: abort.signal, preventClose: true })
    return 'served'
  } finally {
    stopTimer()
  }
}
