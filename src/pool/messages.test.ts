import { describe, expect, test } from 'vitest'
import { backend, job, known, lease, pool, START, task } from '../../test/support/pool.ts'
import type { Health } from './health-states.ts'
import { readAcquire, statusOf } from './messages.ts'

const older = {
  v: 1,
  ticket: 't1',
  model: 'sdxl',
  predictedMs: 200,
  remainingMs: 5_000,
  exclude: ['a'],
}

describe('a request', () => {
  test('is read with its deadline by the clock of the pool', () => {
    const newer = {
      ...older,
      v: 2,
      key: 'k',
      failures: [{ backendId: 'a', signature: 'error' as const }],
      purpose: 'retry' as const,
    }
    expect(readAcquire(newer, START)).toEqual(
      job('t1', {
        key: 'k',
        exclude: ['a'],
        failures: newer.failures,
        purpose: 'retry',
        enqueuedAt: START,
        deadlineAt: START + 5_000,
      }),
    )
  })

  test('FA5: of a client that set no deadline says so', () => {
    const newer = { ...older, v: 3, key: 'k', failures: [], purpose: 'first' as const, waitsForStart: true }
    expect(readAcquire(newer, START)).toMatchObject({ waitsForStart: true, deadlineAt: START + 5_000 })
  })

  test('P4: of the release before is a first attempt of nobody in particular', () => {
    expect(readAcquire(older, START)).toEqual(
      job('t1', { key: '', exclude: ['a'], failures: [], purpose: 'first', deadlineAt: START + 5_000 }),
    )
  })

  test('P4: of a release to come is understood as far as it is known', () => {
    const newer = { ...older, v: 4, key: 'k', failures: [], purpose: 'first' as const, mood: 'good' }
    expect(readAcquire(newer, START)).toEqual(
      job('t1', { key: 'k', exclude: ['a'], deadlineAt: START + 5_000 }),
    )
  })
})

test('the status says what each backend is at, and nothing of any job', () => {
  const busy = backend('a', {
    leases: [lease()],
    times: known(300),
    tasks: [
      task({
        health: { kind: 'ejected', until: START + 300 },
        cause: 'bad-answers',
        pausedUntil: START + 700,
      }),
    ],
  })
  const lanes = [{ key: 'secret', isLong: false, deficitMs: 0, jobs: [job('t1'), job('t2')] }]
  const status = statusOf(pool([busy, backend('b')], { lanes }), 'epoch', START)
  expect(status).toEqual({
    epoch: 'epoch',
    queued: 2,
    waitMs: 400,
    backends: [
      {
        id: 'a',
        slots: 1,
        leases: 1,
        health: 'ejected',
        busyForMs: 700,
        speed: 1.5,
        samples: 100,
        gapMs: busy.times.deadMs,
        cause: 'bad-answers',
        changesInMs: 300,
      },
      {
        id: 'b',
        slots: 1,
        leases: 0,
        health: 'usable',
        busyForMs: 0,
        speed: 1,
        samples: 0,
        gapMs: busy.times.deadMs,
        cause: null,
        changesInMs: null,
      },
    ],
  })
})

test.each<[string, Health, number | null]>([
  ['is usable', { kind: 'usable' }, null],
  ['warms up', { kind: 'slow-start', since: START, served: 0 }, 30_000],
  ['is down', { kind: 'down', until: START + 900, probeAt: START + 500, isSure: true }, 900],
  ['was down until just now', { kind: 'down', until: START, probeAt: START, isSure: true }, null],
  ['is asked to start later', { kind: 'cold', since: START, tries: 1, wakeAt: START + 700 }, 700],
  ['is being asked to start', { kind: 'cold', since: START, tries: 1, wakeAt: null }, null],
  ['is drained', { kind: 'drained' }, null],
])('the status says when a backend that %s changes by itself', (_, health, changesInMs) => {
  const { backends } = statusOf(pool([backend('a', { health })]), 'epoch', START)
  expect(backends).toMatchObject([{ changesInMs }])
})

test('the status says that a backend is out when all of its tasks are, and serves while one is not', () => {
  const out = task({ health: { kind: 'ejected', until: START + 300 }, cause: 'refused' })
  const states = (models: string[], tasks = [out]) => {
    const { backends } = statusOf(pool([backend('a', { models, tasks })]), 'epoch', START)
    return backends.map(({ health, cause }) => [health, cause])
  }
  expect(states(['sdxl'])).toEqual([['ejected', 'refused']])
  expect(states(['sdxl', 'flux'])).toEqual([['usable', 'refused']])
  expect(states(['sdxl', 'flux'], [out, { ...out, task: 'flux' }])).toEqual([['ejected', 'refused']])
})
