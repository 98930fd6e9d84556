import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { job, START } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { afterTurns, enqueue, findJob, inTurn, withoutJobs } from './lanes.ts'
import type { Job, Lane } from './state.ts'
import { SHORT_JOB_MS } from './traffic.ts'

const lanesOf = (...jobs: readonly Job[]): readonly Lane[] =>
  jobs.reduce((lanes, job) => enqueue(lanes, job, 1_000), [] as readonly Lane[])
const tickets = (jobs: readonly Job[]): string[] => jobs.map(({ ticket }) => ticket)
const turns = (lanes: readonly Lane[], now = START, limit = 32): string[] =>
  inTurn(lanes, now, limit).map(({ job }) => job.ticket)

/** What the keys get from one slot, turn after turn. Jobs come up as long as `next` gives some. */
function serve(lanes: readonly Lane[], count: number, next: (served: Job) => Job): Job[] {
  const served: Job[] = []
  let current = lanes
  for (let turn = 0; turn < count; turn++) {
    const [first] = inTurn(current, START, 1)
    if (!first) break
    served.push(first.job)
    current = afterTurns(current, [first], START)
    current = enqueue(current, next(first.job), 1_000)
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

  test('has jobs first that have waited for half of their time, the oldest before the others', () => {
    const aged = (ticket: string, enqueuedAt: number): Job =>
      job(ticket, { predictedMs: 900, enqueuedAt, deadlineAt: START + 10_000 })
    const lanes = lanesOf(
      aged('older', START - 20_000),
      aged('oldest', START - 25_000),
      job('t1', { predictedMs: 1, enqueuedAt: START - 20_000 }),
    )
    expect(turns(lanes)).toEqual(['oldest', 'older', 't1'])
    expect(turns(lanes, START, 1)).toEqual(['oldest'])
  })

  test('has the long jobs or the short ones of a key, so that pictures do not wait behind videos', () => {
    const video = { predictedMs: 5_000 }
    const lanes = lanesOf(job('v1', video), job('v2', video), job('t1'))
    expect(lanes.map(({ isLong, jobs }) => [isLong, tickets(jobs)])).toEqual([
      [true, ['v1', 'v2']],
      [false, ['t1']],
    ])
    expect(turns(lanes)).toEqual(['t1', 'v1', 'v2'])
  })

  test('of a key that has nothing yet has its first turn at once; of one that has, later', () => {
    const waiting = lanesOf(job('a1', { key: 'a' }), job('a2', { key: 'a' }))
    const drained = waiting.map((lane) => ({ ...lane, deficitMs: 0 }))
    expect(turns(enqueue(drained, job('b', { key: 'b' }), 0))[0]).toBe('b')
    expect(turns(enqueue(drained, job('b', { key: 'b' }), 1_000))[0]).toBe('a1')
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
    expect(afterTurns(lanes, [], START)).toBe(lanes)
  })

  test('C34: give a key with few jobs its turn before the hundreds of another', () => {
    const flood = Array.from({ length: 32 }, (_, index) => job(`flood-${index}`, { key: 'a' }))
    const lanes = lanesOf(...flood, job('light', { key: 'b' }))
    expect(turns(lanes).indexOf('light')).toBeLessThan(4)
  })

  test('may be kept by a key that could not use them, but not hoarded', () => {
    let lanes = lanesOf(job('waits', { key: 'a' }))
    for (let index = 0; index < 100; index++) {
      lanes = enqueue(lanes, job(`b${index}`, { key: 'b', predictedMs: 900 }), 1_000)
      const [turn] = inTurn(lanes, START, 2).filter(({ job }) => job.key === 'b')
      lanes = afterTurns(lanes, turn ? [turn] : [], START)
    }
    // What it has kept is worth some rounds, not a hundred.
    const own = Array.from({ length: 31 }, (_, index) => job(`a${index}`, { key: 'a' }))
    lanes = [...own, job('b', { key: 'b' })].reduce((some, job) => enqueue(some, job, 1_000), lanes)
    expect(turns(lanes).indexOf('b')).toBeLessThan(14)
  })

  test('I7: are not lost to others while its jobs hold out for another backend', () => {
    let lanes = lanesOf(...['a', 'b', 'a', 'b'].map((key, index) => job(`t${index}`, { key })))
    const served = { a: 0, b: 0 }
    for (let turn = 0; turn < 800; turn++) {
      const [taken] = inTurn(lanes, START, 4).filter(({ job }) => job.key === 'b' || turn % 16 > 5)
      if (!taken) throw new Error('nobody was served')
      const key = taken.job.key as keyof typeof served
      served[key]++
      lanes = enqueue(afterTurns(lanes, [taken], START), job(`${key}${turn}`, { key }), 1_000)
    }
    expect(Math.abs(served.a - served.b)).toBeLessThan(10)
  })

  test.each<[string, number[][]]>([
    ['pictures', [[200], [200]]],
    ['more pictures', [[300], [300], [300]]],
    ['large pictures', [[600], [600], [600], [600]]],
    ['small and large pictures', [[200], [900]]],
    ['videos and pictures', [[10_000], [200]]],
    ['videos and pictures of one key, and pictures of another', [[200, 5_000], [300]]],
  ])('I7: are worth the same time to keys that always wait with %s', (_, sizes) => {
    let serial = 0
    const next = ({ key, predictedMs }: Pick<Job, 'key' | 'predictedMs'>): Job =>
      job(`t${serial++}`, { key, predictedMs, enqueuedAt: START + serial })
    const wanted = sizes.flatMap((own, key) =>
      [...own, ...own].map((predictedMs) => ({ key: `${key}`, predictedMs })),
    )
    const served = sizes.map(() => 0)
    for (const { key, predictedMs } of serve(lanesOf(...wanted.map(next)), 2_000, next))
      served[Number(key)] = (served[Number(key)] ?? 0) + predictedMs + 20
    const total = served.reduce((a, b) => a + b)
    for (const time of served) expect(Math.abs(time / total - 1 / sizes.length)).toBeLessThan(0.01)
  })

  test('I7: over any window two keys that always wait are apart by two jobs and a quantum at most', () => {
    const most = 3_000
    const sizesIn = (min: number, max: number): fc.Arbitrary<number[]> =>
      fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 5 })
    const sizes = fc.oneof(sizesIn(1, SHORT_JOB_MS), sizesIn(SHORT_JOB_MS + 1, most))
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 2, maxLength: 5 }), (keys) => {
        let serial = 0
        const next = ({ key }: Pick<Job, 'key'>): Job => {
          const own = keys[Number(key)] as number[]
          return job(`t${serial}`, { key, predictedMs: own[serial++ % own.length] as number })
        }
        const lanes = lanesOf(...keys.flatMap((_, key) => [next({ key: `${key}` }), next({ key: `${key}` })]))
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
                1_000,
              )
            const [turn] = inTurn(lanes, now, 1)
            if (!turn) throw new Error('nobody has a turn')
            lanes = afterTurns(lanes, [turn], now)
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
        const left = afterTurns(lanes, taken, START)
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
