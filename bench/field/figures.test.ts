import { describe, expect, it } from 'vitest'
import { fixed } from '../curves.ts'
import { type Scenario, square } from '../scenario.ts'
import { SCENARIOS } from '../scenarios.ts'
import { type Counted, count, figuresOf, judge, type Outcome, type Seen, type Turn } from './figures.ts'

const outcome = (sentAt: number, endedAt: number, changes: Partial<Outcome> = {}): Outcome => ({
  isImage: true,
  sentAt,
  endedAt,
  status: 200,
  code: null,
  ...changes,
})
const turn = (outcomes: readonly Outcome[], forMs = 1_000, startedAt = 0): Turn => ({
  outcomes,
  forMs,
  startedAt,
})

describe('what is counted of turns', () => {
  it('has as its rate what was served before the end of the window', () => {
    const turns = [
      turn([outcome(0, 400), outcome(400, 800), outcome(800, 1_200)]),
      turn([outcome(0, 900), outcome(0, 950)]),
    ]
    // The second turn was over before its window was.
    expect(count(turns).perSecond).toBeCloseTo(4 / 1.95)
    expect(count(turns).served).toBe(5)
  })

  it('has a rate by its last answer where requests and not seconds are given', () => {
    expect(count([turn([outcome(0, 250), outcome(0, 500)], Number.POSITIVE_INFINITY)]).perSecond).toBe(4)
  })

  it('has times of what was served, and reasons for the rest', () => {
    const refused = outcome(0, 5, { status: 503, code: 'no-capacity' })
    const lost = outcome(0, 6, { status: 0, code: 'socket hang up' })
    const video = outcome(0, 800, { isImage: false })
    const counted = count([turn([outcome(0, 100), outcome(0, 300), video, refused, refused, lost])])
    expect(counted).toMatchObject({
      served: 3,
      failed: 3,
      p50Ms: 300,
      p99Ms: 800,
      imageP99Ms: 300,
      meanMs: 400,
    })
    expect(counted.failures).toEqual({ 'no-capacity': 2, 'socket hang up': 1 })
  })
})

const [SOME] = SCENARIOS
if (!SOME) throw new Error('There are no scenarios.')
const scenario: Scenario = { ...SOME, clients: 10, mix: [square(512)], deadlineMs: 60_000 }
const HAPROXY: Counted = {
  served: 10,
  failed: 0,
  failures: {},
  perSecond: 20,
  meanMs: 500,
  p50Ms: 400,
  p99Ms: 2_000,
  imageP99Ms: 1_000,
}
const figures = (changes: Partial<Seen>) =>
  figuresOf({ scenario, turns: [], haproxy: HAPROXY, ideal: 40, handicap: 1, awakeAt: undefined, ...changes })

describe('figures', () => {
  it('are ratios to the ideal and to HAProxy of the same run', () => {
    const turns = [turn([outcome(0, 500), outcome(500, 1_000)])]
    expect(figures({ turns })).toMatchObject({
      rateOfIdeal: 0.05,
      rateOfHaproxy: 0.1,
      addedP50Ms: 100,
      addedP50OverMeanMs: 0,
      addedP99Ms: -1_500,
      imageP99OfHaproxy: 0.5,
    })
  })

  it('ask for less where the machine is busy', () => {
    const turns = [turn([outcome(0, 500), outcome(500, 1_000)])]
    const asked = figures({ turns, handicap: 0.5 })
    expect(asked).toMatchObject({ rateOfIdeal: 0.1, rateOfHaproxy: 0.2, addedP50OverMeanMs: -500 })
  })

  it('tell how much of its time a request had that was told it is over', () => {
    const late = (endedAt: number) => outcome(0, endedAt, { status: 504, code: 'deadline-exceeded' })
    expect(figures({ turns: [turn([late(60_000), late(45_000)])] }).shareOfDeadline).toBe(0.75)
  })

  it('tell how long after the wake-up the last was served, by what all of them need', () => {
    const backends = [
      { curve: fixed(100), slots: 1, saysComputeMs: false, networkMs: 0, coldStartMs: 20_000 },
    ]
    const turns = [turn([outcome(0, 20_100), outcome(0, 21_500)], Number.POSITIVE_INFINITY, 5_000)]
    const seen = { scenario: { ...scenario, backends }, turns, awakeAt: 25_000 }
    expect(figures(seen).afterWakeOfIdeal).toBeCloseTo(1.5)
  })
})

describe('verdicts', () => {
  const all = figures({ turns: [turn([outcome(0, 500)])] })

  it('hold figures against their bounds', () => {
    expect(judge([{ figure: 'failed', atMost: 0 }], all, HAPROXY)).toEqual([
      { figure: 'failed', value: 0, bound: 'at most 0', isKept: true },
    ])
    expect(judge([{ figure: 'rateOfIdeal', atLeast: 0.9 }], all, HAPROXY)[0]?.isKept).toBe(false)
  })

  it('take a share of long times for noise', () => {
    const [verdict] = judge([{ figure: 'addedP50Ms', atMost: 10, orShareOfHaproxy: 0.25 }], all, HAPROXY)
    expect(verdict).toMatchObject({ value: 100, bound: 'at most 100', isKept: true })
  })

  it('do not keep what was not measured', () => {
    const unknown = figures({ haproxy: undefined })
    expect(judge([{ figure: 'rateOfHaproxy', atLeast: 0.9 }], unknown, undefined)[0]?.isKept).toBe(false)
    expect(judge([{ figure: 'addedP99Ms', atMost: 10 }], unknown, undefined)[0]?.isKept).toBe(false)
  })
})
