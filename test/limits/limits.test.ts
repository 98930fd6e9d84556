/** A short run of what `npm run test:limits` does for minutes, and the judgement that it ends with. */
import { describe, expect, test } from 'vitest'
import { complaintsOf, runLimits } from './run.ts'
import { mostAnsweredInAMinute, mostInAMinute } from './verdict.ts'

test('C34: many clients of one key get its limit and nothing more, and a key beside it notices nothing', async () => {
  const settings = { minutes: 1, asks: 200, requestsPerMinute: 60, clients: 64 }
  const reports = await runLimits(settings)
  expect(complaintsOf(reports, settings)).toEqual([])
  expect(reports.map(({ granted }) => granted)).toEqual([60, 60])
})

describe('the judgement', () => {
  const grant = (sentAt: number, answeredAt = sentAt + 5) => ({ sentAt, answeredAt })

  test('counts what was certainly decided within a minute', () => {
    expect(mostInAMinute([grant(0), grant(30_000), grant(59_995)])).toBe(3)
    // The last may have been decided after the minute that begins with the first.
    expect(mostInAMinute([grant(0), grant(30_000), grant(59_999)])).toBe(2)
    expect(mostAnsweredInAMinute([grant(0), grant(30_000), grant(59_999)])).toBe(3)
    expect(mostInAMinute([])).toBe(0)
  })

  test('finds a key that got too much, one that got too little, and answers that should not be', () => {
    const settings = { minutes: 1, requestsPerMinute: 100, clients: 1 }
    const report = {
      name: 'key',
      clients: 1,
      granted: 100,
      share: 1,
      mostInAMinute: 100,
      mostAnsweredInAMinute: 100,
    }
    const answers = new Map([['200', 100]])
    expect(complaintsOf([{ ...report, answers }], settings)).toEqual([])
    expect(complaintsOf([{ ...report, answers, mostInAMinute: 101 }], settings)).toHaveLength(1)
    expect(complaintsOf([{ ...report, answers, granted: 98 }], settings)).toHaveLength(1)
    expect(complaintsOf([{ ...report, answers: new Map([['503 no-capacity', 1]]) }], settings)).toHaveLength(
      1,
    )
  })
})
