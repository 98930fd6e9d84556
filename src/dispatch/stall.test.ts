import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import {
  advance,
  backendPatience,
  CLIENT_PATIENCE,
  FIRST_PIECE_BYTES,
  MAX_PIECE_BYTES,
  MIN_PIECE_BYTES,
  NO_PROGRESS,
  nextPieceBytes,
  type Patience,
  patienceMs,
} from './stall.ts'

const BACKEND = backendPatience(false, 200)

/** When a transfer at a steady pace is given up; undefined when it never is. `bytesPerMs` may change with time. */
function givenUpAfter(
  patience: Patience,
  bytesPerMs: (ms: number) => number,
  totalMs: number,
): number | undefined {
  let [now, progress, piece] = [0, NO_PROGRESS, FIRST_PIECE_BYTES]
  while (now < totalMs) {
    const allowedMs = patienceMs(patience, progress, piece)
    let [tookMs, bytes] = [0, 0]
    while (bytes < piece && tookMs <= allowedMs) {
      bytes += bytesPerMs(now + tookMs)
      tookMs++
    }
    if (bytes < piece) return now + allowedMs
    now += tookMs
    progress = advance(patience, progress, piece, tookMs)
    piece = nextPieceBytes(piece, tookMs)
  }
  return undefined
}

describe('B6: a backend', () => {
  test.each([
    ['that falls silent', 0, 10_000],
    ['that drips a byte a second', 0.001, 10_000],
    ['at 5 KB/s', 5, 10_000],
  ])('%s is given up after 10 s', (_, pace, ms) => {
    expect(givenUpAfter(BACKEND, () => pace, 300_000)).toBe(ms)
  })

  test.each([16, 24, 30])('at %i KB/s is given up within 25 s', (pace) => {
    expect(givenUpAfter(BACKEND, () => pace, 300_000)).toBeLessThanOrEqual(25_000)
  })

  test.each([35, 50, 1_000, 100_000])('at %i KB/s is never given up', (pace) => {
    expect(givenUpAfter(BACKEND, () => pace, 300_000)).toBeUndefined()
  })

  test('that was fast and falls silent is given up within the time its last piece has at the slowest pace', () => {
    const givenUp = givenUpAfter(BACKEND, (ms) => (ms < 5_000 ? 20_000 : 0), 300_000) ?? Number.NaN
    expect(givenUp - 5_000).toBeLessThanOrEqual(MAX_PIECE_BYTES / 32 + 1)
    expect(givenUp - 5_000).toBeLessThanOrEqual(20_000)
  })

  test('that was fast and becomes slow, but not too slow, goes on', () => {
    expect(givenUpAfter(BACKEND, (ms) => (ms < 5_000 ? 20_000 : 60), 300_000)).toBeUndefined()
  })

  test('that encodes a video while it sends may take as long as the decode does', () => {
    const patience = backendPatience(true, 20_000)
    expect(givenUpAfter(patience, () => 0, 300_000)).toBe(60_000)
    expect(givenUpAfter(backendPatience(true, 200), () => 0, 300_000)).toBe(10_000)
  })
})

describe('C7: a client', () => {
  test('that takes nothing is given up after a minute', () => {
    expect(givenUpAfter(CLIENT_PATIENCE, () => 0, 300_000)).toBe(60_000)
  })

  test('at 4 KB/s is given up within a minute and a bit, at 10 KB/s never', () => {
    expect(givenUpAfter(CLIENT_PATIENCE, () => 4, 600_000)).toBeLessThanOrEqual(65_000)
    expect(givenUpAfter(CLIENT_PATIENCE, () => 10, 600_000)).toBeUndefined()
  })

  test('that sleeps for half a minute now and then goes on', () => {
    const dozing = (ms: number): number => (ms % 90_000 < 30_000 ? 0 : 1_000)
    expect(givenUpAfter(CLIENT_PATIENCE, dozing, 900_000)).toBeUndefined()
  })
})

test('a piece always has some time, whatever came before', () => {
  fc.assert(
    fc.property(
      fc.nat(10_000_000),
      fc.nat(100_000),
      fc.integer({ min: 1, max: MAX_PIECE_BYTES }),
      (b, w, p) => {
        const progress = { bytes: b, waitedMs: w }
        expect(patienceMs(BACKEND, progress, p)).toBeGreaterThanOrEqual(p / 32)
      },
    ),
    seeded,
  )
})

test('pieces grow while bytes flow, shrink while they do not, and stay within their limits', () => {
  expect(nextPieceBytes(65_536, 10)).toBe(131_072)
  expect(nextPieceBytes(MAX_PIECE_BYTES, 10)).toBe(MAX_PIECE_BYTES)
  expect(nextPieceBytes(65_536, 500)).toBe(65_536)
  expect(nextPieceBytes(65_536, 2_000)).toBe(32_768)
  expect(nextPieceBytes(MIN_PIECE_BYTES, 2_000)).toBe(MIN_PIECE_BYTES)
})
