import { expect, test } from 'vitest'
import { type Crowd, delayedJobs, noCrowd, observe } from './crowd.ts'

/** So many jobs in turn, each for so long. */
const seen = (turns: readonly (readonly [jobs: number, ms: number])[]): Crowd => {
  let now = 0
  let crowd = noCrowd(now)
  for (const [jobs, ms] of turns) {
    crowd = observe(crowd, jobs, now)
    now += ms
  }
  return observe(crowd, 0, now)
}
const often = (turns: readonly (readonly [number, number])[]): Crowd =>
  seen(Array.from({ length: 100 }, () => turns).flat())

test('one client that sends one job after the other delays no other', () => {
  const one = often([
    [1, 40],
    [0, 3],
  ])
  expect(delayedJobs(one, 1)).toBeLessThan(0.01)
})

test('clients that are always there delay each other, by as many as there is a bound for', () => {
  const crowd = often([[8, 100]])
  expect(delayedJobs(crowd, 2)).toBeCloseTo(99)
  expect(delayedJobs(crowd, 8)).toBe(0)
})

test('in between it is the share of time in which another job was there', () => {
  const half = often([
    [2, 20],
    [1, 20],
  ])
  expect(delayedJobs(half, 1)).toBeGreaterThan(0.8)
  expect(delayedJobs(half, 1)).toBeLessThan(1.2)
})

test('a crowd that is gone is forgotten within seconds', () => {
  const gone = seen([
    [30, 60_000],
    [1, 5_000],
  ])
  expect(delayedJobs(gone, 1)).toBeLessThan(0.01)
})

test('is plain data of bounded length, whatever the number of jobs and of slots', () => {
  const huge = often([[5_000, 100]])
  expect(huge.shares.length).toBeLessThanOrEqual(64)
  expect(delayedJobs(huge, 1_000)).toBeCloseTo(99)
  expect(JSON.parse(JSON.stringify(huge))).toEqual(huge)
})

test('P9: a clock that goes back counts for nothing', () => {
  const crowd = observe(observe(noCrowd(10_000), 3, 10_000), 3, 11_000)
  const back = observe(crowd, 5, 4_000)
  expect(back.shares).toEqual(crowd.shares)
  expect(delayedJobs(observe(back, 5, 12_000), 1)).toBeGreaterThan(0)
})
