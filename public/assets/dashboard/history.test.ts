import { expect, test } from 'vitest'
import { NOTHING_COUNTED } from './counters.ts'
import { type Checkpoint, remember, ring, since, WINDOW_MS } from './history.ts'

const at = (ms: number): Checkpoint => ({ at: ms, counters: NOTHING_COUNTED })

const watched = (minutes: number): readonly Checkpoint[] => {
  let kept: readonly Checkpoint[] = []
  for (let ms = 0; ms <= minutes * 60_000; ms += 2_000) kept = remember(kept, at(ms))
  return kept
}

test('an hour of watching keeps few checkpoints, and one that is as old as the window', () => {
  const kept = watched(60)
  const now = 3_600_000
  expect(kept.length).toBeLessThan(50)
  expect(kept.at(-1)?.at).toBe(now)
  const start = since(kept, now, WINDOW_MS)?.at ?? 0
  expect(now - start).toBeGreaterThanOrEqual(WINDOW_MS)
  expect(now - start).toBeLessThanOrEqual(WINDOW_MS + 12_000)
})

test('of the last seconds every checkpoint is kept', () => {
  const kept = watched(10)
  expect(since(kept, 600_000, 10_000)?.at).toBe(590_000)
})

test('a page that has just begun compares with its first moment', () => {
  expect(since([at(1_000), at(3_000)], 3_000, WINDOW_MS)?.at).toBe(1_000)
  expect(since([], 3_000, WINDOW_MS)).toBeUndefined()
})

test('points leave the charts after a quarter of an hour', () => {
  const points = [at(0), at(60_000), at(900_000)]
  expect(ring(points, at(930_000)).map((point) => point.at)).toEqual([60_000, 900_000, 930_000])
})
