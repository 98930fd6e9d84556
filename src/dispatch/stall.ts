/** How slow the two ends of a transfer may be. Pure sums; who moves the bytes measures. */

export interface Patience {
  /** For any one piece, and for as many of them as take so long. */
  readonly windowMs: number
  /** Slower than this over a window is as bad as silence. */
  readonly bytesPerMs: number
  /** For a single piece. */
  readonly idleMs: number
}

/** What has passed one end since the window began. Time counts only while that end is waited for. */
export interface Progress {
  readonly waitedMs: number
  readonly bytes: number
}

export const NO_PROGRESS: Progress = { waitedMs: 0, bytes: 0 }

/** Less than 32 KB/s over 20 s, or silent for 10 s. */
const BACKEND: Patience = { windowMs: 20_000, bytesPerMs: 32, idleMs: 10_000 }

/** Less than 8 KB/s over a minute. */
export const CLIENT_PATIENCE: Patience = { windowMs: 60_000, bytesPerMs: 8, idleMs: 60_000 }

/** A video may be encoded while it is sent, as fast as it is decoded. */
const VIDEO_FACTOR = 3

/** @param expectedMs decode time of the job */
export function backendPatience(isVideo: boolean, expectedMs: number): Patience {
  if (!isVideo) return BACKEND
  const decodeMs = VIDEO_FACTOR * expectedMs
  return {
    ...BACKEND,
    windowMs: Math.max(BACKEND.windowMs, decodeMs),
    idleMs: Math.max(BACKEND.idleMs, decodeMs),
  }
}

/**
 * Time for the next piece. A large one has at least what its bytes take at the slowest pace: a transfer that was fast
 * may become slow.
 */
export function patienceMs(
  { windowMs, bytesPerMs, idleMs }: Patience,
  progress: Progress,
  piece: number,
): number {
  const paidMs = Math.max(windowMs, progress.bytes / bytesPerMs) - progress.waitedMs
  return Math.max(piece / bytesPerMs, Math.min(idleMs, paidMs))
}

/** A piece has passed. The window begins anew when it is over, so that a fast start pays for no stall. */
export function advance({ windowMs }: Patience, progress: Progress, piece: number, tookMs: number): Progress {
  const next = { waitedMs: progress.waitedMs + tookMs, bytes: progress.bytes + piece }
  return next.waitedMs >= windowMs ? NO_PROGRESS : next
}

/**
 * Pieces cost by number, and a stall shows only at the end of one: large while it flows, small while it does not. The
 * largest takes 16 s at the slowest pace, so that a backend has never more than its 20 s.
 */
export const MIN_PIECE_BYTES = 16_384
export const FIRST_PIECE_BYTES = 65_536
export const MAX_PIECE_BYTES = 524_288

/** What has arrived beyond a piece is taken with it, up to this many times its size in all. */
export const ROOM_PER_PIECE = 2

const FAST_MS = 100
const SLOW_MS = 1_000

export function nextPieceBytes(bytes: number, tookMs: number): number {
  if (tookMs < FAST_MS) return Math.min(MAX_PIECE_BYTES, bytes * 2)
  return tookMs > SLOW_MS ? Math.max(MIN_PIECE_BYTES, bytes / 2) : bytes
}
