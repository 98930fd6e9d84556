/** An account as it is written down, and read by the next life of its object. */
import { type Account, EMPTY_ACCOUNT, type Times } from './account.ts'
import type { Window } from './window.ts'

/** Each life of the object has a time of its own, so windows are written by the age of their entries. */
export interface Snapshot {
  readonly monthStart: number
  readonly monthPixels: number
  /** By the wall clock. */
  readonly writtenAt: number
  /** Their times are those before `writtenAt`, as numbers below zero. */
  readonly requests: Window
  readonly pixels: Window
}

/** Of a month's limit; a crash costs its holder so much at most. */
const AHEAD = 0.001

/**
 * The pixels of the month to be written down. A life of the object may end without a word, and what it granted since
 * its last write must not be granted again; so while it is busy more is written than was used, and nothing is until
 * that is used up.
 */
export const pixelsToWrite = (used: number, limit: number | null, isBusy: boolean): number =>
  isBusy && limit !== null ? used + Math.ceil(limit * AHEAD) : used

export const snapshotOf = (
  { month, requests, pixels }: Account,
  monthPixels: number,
  { now, wall }: Times,
): Snapshot => ({
  monthStart: month.start,
  monthPixels,
  writtenAt: wall,
  requests: shift(requests, -now),
  pixels: shift(pixels, -now),
})

/** Places are not written: those who held them ask nothing of another life, and most of them ended with the last one. */
export function accountOf(snapshot: Snapshot | null, { now, wall }: Times): Account {
  if (!snapshot) return EMPTY_ACCOUNT
  const { monthStart: start, monthPixels, writtenAt, requests, pixels } = snapshot
  // A clock that was set back meanwhile makes nothing younger than it was.
  const writtenNow = now - Math.max(0, wall - writtenAt)
  return {
    ...EMPTY_ACCOUNT,
    month: { start, pixels: monthPixels },
    requests: shift(requests, writtenNow),
    pixels: shift(pixels, writtenNow),
  }
}

const shift = (window: Window, ms: number): Window =>
  window.map(({ from, at, units }) => ({ from: from + ms, at: at + ms, units }))
