import { expect, test } from 'vitest'
import { manyBackends, metricsOf } from '../../../test/browser/support/operator.ts'
import { nextBoard } from './board.ts'
import { servedShare } from './summary.ts'

const pools = manyBackends(50)

test('a first answer shows states, and says nothing of what happened before', () => {
  const board = nextBoard(undefined, pools, metricsOf(pools, 100), 1_000)
  expect(board.summary).toMatchObject({ backends: 50, serving: 45, waiting: 12, requestsPerMinute: null })
  expect(servedShare(board.summary.ended)).toBeNull()
  expect([board.outcomes, board.keys]).toEqual([[], []])
  expect(board.points).toMatchObject([{ at: 1_000, served: null, waiting: 12, waitS: 3.4, actualS: null }])
})

test('from the second answer on it shows what was added', () => {
  const first = nextBoard(undefined, pools, metricsOf(pools, 100), 1_000)
  const board = nextBoard(first, pools, metricsOf(pools, 106), 11_000)
  const served = board.outcomes.find(({ outcome }) => outcome === 'served')?.count ?? 0
  expect(served).toBe(6 * board.backends.filter(({ samples }) => samples > 0).length)
  expect(board.points.at(-1)?.served).toBe(served / 10)
  expect(board.outcomes.map(({ outcome, kind }) => [outcome, kind])).toEqual([
    ['served', 'served'],
    ['too-many-requests', 'refused'],
    ['client-gone', 'left'],
    ['latent-not-finite', 'refused'],
    ['deadline-exceeded', 'failed'],
  ])
  const slow = board.backends.find(({ speed }) => speed === 2.4)
  expect(slow?.expectedS).toBeCloseTo(0.42)
  expect(slow?.actualS).toBeCloseTo(1.008)
  expect(board.keys[0]).toMatchObject({ id: '0000000000000000', counts: { refused: 12 } })
})

test('a backend’s failures are those that say something against it', () => {
  const first = nextBoard(undefined, pools, metricsOf(pools, 0), 0)
  const board = nextBoard(first, pools, metricsOf(pools, 6), 10_000)
  const failing = board.backends.filter(({ failures }) => failures > 0)
  expect(failing).toMatchObject([{ attempts: 12, failures: 6, reasons: [['timed-out', 6]] }])
})
