import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { job, START } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { afterTurns, enqueue, findJob, inTurn, withoutJobs } from './lanes.ts'
import type { Job, Lane } from './state.ts'

const lanesOf = (...jobs: readonly Job[]): readonly Lane[] => jobs.reduce(enqueue, [] as readonly Lane[])
const tickets = (jobs: readonly Job[]): string[] => jobs.map(({ ticket }) => ticket)
const turns = (lanes: readonly Lane[], now = START, limit = 32): string[] =>
  inTurn(lanes, now, limit).map(({ job }) => job.ticket)

/** What the keys get from one slot, turn after turn. Jobs come up as long as `next` gives some. */
function serve(lanes: readonly Lane[], count: number, next: (key: string) => Job | undefined): Job[] {
  const served: Job[] = []
  let current = lanes
  for (let turn = 0; turn < count; turn++) {
    const [first] = inTurn(current, START, 1)
    if (!first) break
    served.push(first.job)
    current = afterTurns(current, [first])
    const following = next(first.job.key)
    if (following) current = enqueue(current, following)
  }
  return served
}

describe('a lane', () => {
  test('has the jobs of one key; a new key comes last', () => {
    const lanes = lanesOf(job('t1', { key: 'a' }), job('t2', { key: 'b' }), job('t3', { key: 'a' }))
    expect(lanes.map(({ key, jobs }) => [key, tickets(jobs)])).toEqual([
      ['a', ['t1', 't3']],
      ['b', ['t2']],
    ])
  })

  test('has short jobs first, and equal ones in the order they came in', () => {
    const lanes = lanesOf(
      job('long', { predictedMs: 900 }),
      job('first', { predictedMs: 100 }),
      job('second', { predictedMs: 100 }),
      job('middle', { predictedMs: 500 }),
    )
    expect(turns(lanes)).toEqual(['first', 'second', 'middle', 'long'])
  })

  test('has a job first that waits so long that it outweighs how short the others are', () => {
    const old = job('old', { predictedMs: 900, enqueuedAt: START - 10_000 })
    expect(turns(lanesOf(old, job('new', { predictedMs: 100 })))).toEqual(['old', 'new'])
  })

  test('has short jobs before long ones, however long those wait, until half of their time is over', () => {
    const long = { predictedMs: 5_000, enqueuedAt: START - 40_000, deadlineAt: START + 40_000 }
    const lanes = lanesOf(job('long', long), job('t1'), job('t2'), job('t3'))
    expect(turns(lanes, START)).toEqual(['t1', 't2', 't3', 'long'])
    expect(turns(lanes, START + 1)).toEqual(['t1', 'long', 't2', 't3'])
  })

  test('has long jobs that have waited take turns with short ones, the oldest first, before the other long ones', () => {
    const aged = (ticket: string, enqueuedAt: number): Job =>
      job(ticket, { predictedMs: 5_000 - (START - enqueuedAt) / 10, enqueuedAt, deadlineAt: START + 10_000 })
    const lanes = lanesOf(
      aged('older', START - 30_000),
      aged('oldest', START - 35_000),
      aged('old', START - 25_000),
      job('young', { predictedMs: 3_000 }),
      job('t1'),
    )
    expect(turns(lanes)).toEqual(['t1', 'oldest', 'older', 'old', 'young'])
  })

  test('has long jobs that have waited take turns with short ones also where one place is free at a time', () => {
    const long = { predictedMs: 5_000, enqueuedAt: START - 40_000, deadlineAt: START + 30_000 }
    const lanes = lanesOf(job('l1', long), job('l2', long), job('t1'), job('t2'), job('t3'))
    const served = serve(lanes, 5, () => undefined)
    expect(tickets(served)).toEqual(['t1', 'l1', 't2', 'l2', 't3'])
  })

  test('of long jobs only goes by length and age', () => {
    const lanes = lanesOf(job('long', { predictedMs: 9_000 }), job('less', { predictedMs: 2_000 }))
    expect(turns(lanes)).toEqual(['less', 'long'])
  })

  test('is gone with its last job, and so is its deficit', () => {
    const lanes = lanesOf(job('t1', { key: 'a' }), job('t2', { key: 'b' }), job('t3', { key: 'b' }))
    const left = withoutJobs(lanes, ({ ticket }) => ticket === 't1' || ticket === 't2')
    expect(left.map(({ key, jobs }) => [key, tickets(jobs)])).toEqual([['b', ['t3']]])
    expect(withoutJobs(lanes, () => false)).toBe(lanes)
  })

  test('can be searched for a job', () => {
    const lanes = lanesOf(job('t1', { key: 'a' }), job('t2', { key: 'b' }))
    expect(findJob(lanes, 't2')?.key).toBe('b')
    expect(findJob(lanes, 'unheard-of')).toBeUndefined()
  })
})

describe('turns', () => {
  test('go round the keys, each with its share of time', () => {
    const lanes = lanesOf(
      job('a1', { key: 'a', predictedMs: 480 }),
      job('a2', { key: 'a', predictedMs: 480 }),
      job('b1', { key: 'b', predictedMs: 480 }),
      job('b2', { key: 'b', predictedMs: 480 }),
    )
    expect(turns(lanes)).toEqual(['a1', 'b1', 'a2', 'b2'])
  })

  test('end where nobody looks any further', () => {
    const lanes = lanesOf(...['t1', 't2', 't3'].map((ticket) => job(ticket)))
    expect(turns(lanes, START, 2)).toEqual(['t1', 't2'])
    const two = lanesOf(job('a1', { key: 'a' }), job('b1', { key: 'b' }), job('c1', { key: 'c' }))
    expect(turns(two, START, 2)).toEqual(['a1', 'b1'])
  })

  test('of nobody change nothing', () => {
    const lanes = lanesOf(job('t1'))
    expect(afterTurns(lanes, [])).toBe(lanes)
  })

  test('C34: give a key with few jobs its turn before the hundreds of another', () => {
    const flood = Array.from({ length: 32 }, (_, index) => job(`flood-${index}`, { key: 'a' }))
    const lanes = lanesOf(...flood, job('light', { key: 'b' }))
    expect(turns(lanes).indexOf('light')).toBeLessThan(4)
  })

  test('may be kept by a key that could not use them, but not hoarded', () => {
    let lanes = lanesOf(job('waits', { key: 'a' }))
    for (let index = 0; index < 100; index++) {
      lanes = enqueue(lanes, job(`b${index}`, { key: 'b', predictedMs: 900 }))
      const [turn] = inTurn(lanes, START, 2).filter(({ job }) => job.key === 'b')
      lanes = afterTurns(lanes, turn ? [turn] : [])
    }
    // What it has kept is worth a few jobs, not a hundred turns.
    const own = Array.from({ length: 31 }, (_, index) => job(`a${index}`, { key: 'a' }))
    lanes = [...own, job('b', { key: 'b' })].reduce(enqueue, lanes)
    expect(turns(lanes).indexOf('b')).toBeLessThan(8)
  })

  test.each([[[200, 200]], [[300, 300, 300]], [[600, 600, 600, 600]], [[200, 900]], [[10_000, 200]]])(
    'I7: are worth the same time to keys that always wait, of jobs of %j',
    (sizes) => {
      let serial = 0
      const next = (key: string): Job =>
        job(`t${serial++}`, { key, predictedMs: sizes[Number(key)] as number, enqueuedAt: START + serial })
      const lanes = lanesOf(...sizes.flatMap((_, key) => [next(String(key)), next(String(key))]))
      const served = sizes.map(() => 0)
      for (const { key, predictedMs } of serve(lanes, 2_000, next))
        served[Number(key)] = (served[Number(key)] ?? 0) + predictedMs + 20
      const total = served.reduce((a, b) => a + b)
      for (const time of served) expect(time / total).toBeCloseTo(1 / sizes.length, 1.5)
    },
  )

  test('I7: over any window two keys that always wait are apart by two jobs and a quantum at most', () => {
    const most = 2_000
    const sizes = fc.array(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 2, maxLength: 5 }), (keys) => {
        let serial = 0
        const next = (key: string): Job => {
          const own = keys[Number(key)] as number[]
          return job(`t${serial}`, { key, predictedMs: own[serial++ % own.length] as number })
        }
        const lanes = lanesOf(...keys.flatMap((_, key) => [next(String(key)), next(String(key))]))
        const served = serve(lanes, 200, next)
        // The greatest difference over any window is the spread of the running difference.
        for (let one = 0; one < keys.length; one++) {
          for (let two = 0; two < one; two++) {
            let difference = 0
            let least = 0
            let greatest = 0
            for (const { key, predictedMs } of served) {
              if (Number(key) === one) difference += predictedMs + 20
              if (Number(key) === two) difference -= predictedMs + 20
              least = Math.min(least, difference)
              greatest = Math.max(greatest, difference)
            }
            expect(greatest - least).toBeLessThanOrEqual(2 * (most + 20) + 500)
          }
        }
      }),
      seeded,
    )
  })

  test('I8: come to every job in the end, whatever else comes in', () => {
    const other = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      predictedMs: fc.integer({ min: 300, max: 3_000 }),
    })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.array(other, { minLength: 1, maxLength: 20 }),
        (predictedMs, others) => {
          const patient = job('patient', { key: 'a', predictedMs, deadlineAt: START + 60_000 })
          let lanes = lanesOf(patient)
          let now = START
          for (let index = 0; findJob(lanes, 'patient'); index++) {
            expect(now).toBeLessThan(START + 200_000)
            const { key, predictedMs } = others[index % others.length] as (typeof others)[0]
            for (const add of [0, 1])
              lanes = enqueue(
                lanes,
                job(`${index}-${add}`, { key, predictedMs, enqueuedAt: now, deadlineAt: now + 60_000 }),
              )
            const [turn] = inTurn(lanes, now, 1)
            if (!turn) throw new Error('nobody has a turn')
            lanes = afterTurns(lanes, [turn])
            now += turn.job.predictedMs
          }
        },
      ),
      seeded,
    )
  })

  test('lose no job and make none up', () => {
    const jobs = fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c'),
        predictedMs: fc.integer({ min: 1, max: 20_000 }),
        enqueuedAt: fc.integer({ min: START - 60_000, max: START }),
      }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(jobs, fc.nat({ max: 40 }), (made, limit) => {
        const all = made.map((changes, index) => job(`t${index}`, changes))
        const lanes = lanesOf(...all)
        const taken = inTurn(lanes, START, limit)
        expect(taken.length).toBe(Math.min(limit, all.length))
        const left = afterTurns(lanes, taken)
        expect(
          [...taken.map(({ job }) => job), ...left.flatMap(({ jobs }) => jobs)].toSorted(byTicket),
        ).toEqual(all.toSorted(byTicket))
        for (const { deficitMs, jobs } of left) {
          expect(jobs.length).toBeGreaterThan(0)
          expect(deficitMs).toBeGreaterThanOrEqual(0)
        }
      }),
      seeded,
    )
  })
})

const byTicket = (a: Job, b: Job): number => a.ticket.localeCompare(b.ticket)
