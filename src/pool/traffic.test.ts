import { describe, expect, test } from 'vitest'
import { job, pool, START } from '../../test/support/pool.ts'
import type { Traffic } from './state.ts'
import {
  CLASSES,
  classOf,
  countJob,
  disappointed,
  isFavoured,
  MEMORY_MS,
  SHORT_JOB_MS,
  shorterShare,
} from './traffic.ts'

const NONE = pool([], {}).traffic
const QUIET: Traffic = { ...NONE, at: START }

/** So many jobs of this length in this moment, of which some were let in. */
function jobs(traffic: Traffic, predictedMs: number, offered: number, admitted: number): Traffic {
  let current = traffic
  for (let index = 0; index < offered; index++)
    current = countJob(current, job('t', { predictedMs }), index < admitted, current.at)
  return current
}

describe('traffic', () => {
  test('has classes that grow with the cost', () => {
    const classes = [1, 500, 501, 2_000, 2_001, 8_000, 8_001, 1e9].map(classOf)
    expect(classes).toEqual(classes.toSorted())
    expect([classes[0], classes.at(-1)]).toEqual([0, CLASSES - 1])
  })

  test('is forgotten with time', () => {
    const busy = jobs(QUIET, 200, 100, 100)
    const later = countJob(busy, job('t', { predictedMs: 1 }), true, START + MEMORY_MS)
    expect(later.classes[0]?.offeredMs).toBeCloseTo(100 * 200 * Math.exp(-1) + 1)
  })

  test('knows when a job was asked for, and a short one', () => {
    const short = countJob(QUIET, job('t', { predictedMs: SHORT_JOB_MS }), false, START + 5)
    expect([short.askedAt, short.shortAskedAt]).toEqual([START + 5, START + 5])
    const long = countJob(short, job('t', { predictedMs: SHORT_JOB_MS + 1 }), false, START + 9)
    expect([long.askedAt, long.shortAskedAt]).toEqual([START + 9, START + 5])
  })

  test('favours no class while all are let in alike', () => {
    const alike = jobs(jobs(QUIET, 200, 10, 5), 5_000, 10, 5)
    expect([isFavoured(alike, 200), isFavoured(alike, 5_000)]).toEqual([false, false])
    expect(isFavoured(QUIET, 200)).toBe(false)
  })

  test('favours the class of which a greater share was let in, and only that', () => {
    const uneven = jobs(jobs(QUIET, 200, 10, 10), 5_000, 10, 2)
    expect([isFavoured(uneven, 200), isFavoured(uneven, 5_000), isFavoured(uneven, 20_000)]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('takes short work out of the capacity that long jobs have, and not of what short ones have', () => {
    const busy = jobs(QUIET, 400, 50, 50)
    expect(shorterShare(busy, 5_000, 1)).toBeCloseTo((50 * 400) / MEMORY_MS)
    expect(shorterShare(busy, 5_000, 2)).toBeCloseTo((50 * 400) / MEMORY_MS / 2)
    expect([
      shorterShare(busy, SHORT_JOB_MS, 1),
      shorterShare(busy, 5_000, 0),
      shorterShare(QUIET, 5_000, 1),
    ]).toEqual([0, 0, 0])
  })

  test('grows more pessimistic with each job that waited in vain, within bounds, and gets over it', () => {
    const once = disappointed(QUIET)
    expect(once.pessimism).toBeGreaterThan(1)
    let often = once
    for (let index = 0; index < 100; index++) often = disappointed(often)
    expect(often.pessimism).toBeLessThanOrEqual(3)
    const later = countJob(often, job('t'), true, START + 600_000)
    expect(later.pessimism).toBeCloseTo(1, 2)
  })
})
