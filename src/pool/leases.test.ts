import { describe, expect, test } from 'vitest'
import { backend, job, START } from '../../test/support/pool.ts'
import { abandon, adopt, expire, free, grant, leaseOf, renew, resize } from './leases.ts'
import type { BackendState, Job, Lease } from './state.ts'

const PREDICTED_MS = 10_000

/** A choice as `choose` makes it. */
const granted = (to: BackendState, changes: Partial<Job> = {}, now = START): BackendState => {
  const one = job('t', { predictedMs: PREDICTED_MS, ...changes })
  const startsAt = now + to.pace.gapMs
  const endsAt = startsAt + one.predictedMs
  return grant(to.leases.length + 1, one, { backend: to, startsAt, endsAt, hasRoom: true }, now)
}

const only = ({ leases }: BackendState): Lease => {
  if (leases.length !== 1) throw new Error(`${leases.length} leases`)
  return leases[0] as Lease
}

const DECODED = { decoded: true, attemptMs: 10_050, computeMs: 20_000 }
const UNDONE = { decoded: false }

describe('a lease', () => {
  test('is running in a free slot, and staged behind one that is taken', () => {
    const two = granted(granted(backend('a')))
    expect(two.leases.map(({ id, phase }) => [id, phase])).toEqual([
      [1, 'running'],
      [2, 'staged'],
    ])
    expect(two.lastGrantAt).toBe(START)
    expect(leaseOf(two, 2)).toBe(two.leases[1])
    expect(leaseOf(two, 3)).toBeUndefined()
  })

  test('knows whose it is, and whether it is a second copy', () => {
    expect(only(granted(backend('a'), { key: 'k' }))).toMatchObject({ key: 'k', isHedge: false })
    expect(only(granted(backend('a'), { purpose: 'hedge' })).isHedge).toBe(true)
  })

  test('lasts for several times its prediction, but little longer than its job', () => {
    const long = { deadlineAt: START + 1e9 }
    expect(only(granted(backend('a'), long)).expiresAt).toBeGreaterThanOrEqual(START + 3 * PREDICTED_MS)
    const short = only(granted(backend('a'), { ...long, predictedMs: 1 }))
    expect(short.expiresAt).toBeGreaterThanOrEqual(START + 10_000)
    const late = only(granted(backend('a'), { deadlineAt: START + 12_000 }))
    expect(late.expiresAt).toBe(START + 17_000)
  })

  test('ends when a job of another size would, once it is for that', () => {
    const before = granted(granted(backend('a')))
    const [first, second] = resize(before, before.leases[0] as Lease, PREDICTED_MS / 4, START + 5).leases
    expect(first?.startsAt).toBe(before.leases[0]?.startsAt)
    expect(first?.endsAt).toBe((first?.startsAt ?? 0) + PREDICTED_MS / 4)
    expect(second).toBe(before.leases[1])
  })

  test('teaches the pace of what was decoded, not of what was granted', () => {
    const whole = granted(backend('a'))
    const resized = resize(whole, only(whole), PREDICTED_MS / 4, START)
    const paceOf = (state: BackendState): number =>
      free(state, only(state), { decoded: true, computeMs: PREDICTED_MS / 4 }, START + 9_000).pace.speed
    expect(paceOf(resized)).toBe(1)
    expect(paceOf(whole)).toBeLessThan(1)
  })

  test('is longer for each time it is renewed, and never shorter', () => {
    const before = granted(backend('a'))
    const renewed = renew(before, only(before), START + 60_000)
    expect(only(renewed).expiresAt).toBeGreaterThan(START + 60_000)
    const early = renew(renewed, only(renewed), START)
    expect(only(early).expiresAt).toBe(only(renewed).expiresAt)
    const two = granted(before)
    expect(renew(two, two.leases[1] as Lease, START).leases[0]).toBe(two.leases[0])
  })
})

describe('a lease that is freed', () => {
  test('makes as many slots as its backend says it runs together, where the operator left that open', () => {
    const slotsAfter = (changes: Partial<BackendState>, capacity?: number): number => {
      const before = granted({ ...backend('a'), ...changes })
      const said = capacity === undefined ? DECODED : { ...DECODED, capacity }
      return free(before, only(before), said, START + 10_100).slots
    }
    expect(slotsAfter({ learnsSlots: true }, 8)).toBe(8)
    expect(slotsAfter({ learnsSlots: true, slots: 8 })).toBe(8)
    expect(slotsAfter({ learnsSlots: true, slots: 8 }, 2)).toBe(2)
    expect(slotsAfter({ slots: 3 }, 8)).toBe(3)
  })

  test('teaches the pace of its backend', () => {
    const before = granted(backend('a'))
    const { pace, leases } = free(before, only(before), DECODED, START + 10_100)
    expect(leases).toEqual([])
    expect(pace.speed).toBe(2)
    expect(pace.samples).toBe(1)
    expect(pace.gapMs).not.toBe(before.pace.gapMs)
  })

  test('teaches it from the time that went by where the backend does not say', () => {
    const before = granted(backend('a'))
    const later = START + before.pace.gapMs + 15_000
    const { pace } = free(before, only(before), { decoded: true }, later)
    expect(pace.speed).toBeCloseTo(1.5)
    expect(pace.gapMs).toBe(before.pace.gapMs)
    expect(free(before, only(before), { decoded: true }, START).pace.speed).toBeGreaterThan(0)
  })

  test('teaches nothing where nothing was decoded', () => {
    const before = granted(backend('a'))
    expect(free(before, only(before), UNDONE, START + 20_000).pace).toBe(before.pace)
  })

  test('has the staged one begin, as early as it can be there', () => {
    const two = granted(granted(backend('a')), {}, START + 9_990)
    const at = START + 10_000
    const next = only(free(two, two.leases[0] as Lease, UNDONE, at))
    const startsAt = START + 9_990 + two.pace.gapMs
    expect(next).toMatchObject({ id: 2, phase: 'running', startsAt, endsAt: startsAt + PREDICTED_MS })
    const later = only(free(two, two.leases[0] as Lease, UNDONE, at + 5_000))
    expect(later.startsAt).toBe(at + 5_000)
  })

  test('lets the other slots alone', () => {
    const three = granted(granted(granted(backend('a', { slots: 2 }))))
    const after = free(three, three.leases[2] as Lease, UNDONE, START + 1)
    expect(after.leases).toEqual(three.leases.slice(0, 2))
    const freed = free(three, three.leases[0] as Lease, UNDONE, START + 1)
    expect(freed.leases.map(({ id, phase }) => [id, phase])).toEqual([
      [2, 'running'],
      [3, 'running'],
    ])
  })
})

describe('a lease whose holder left', () => {
  const deaf = backend('a', { abortable: false })

  test('is over at once on a backend that stops with its connection', () => {
    const before = granted(backend('a'))
    expect(abandon(before, only(before), START + 1).leases).toEqual([])
  })

  test('B34: holds its slot on another for about as long as was predicted', () => {
    const before = granted(deaf)
    const draining = only(abandon(before, only(before), START + 1_000))
    expect(draining.phase).toBe('draining')
    expect(draining.endsAt).toBeGreaterThan(START + PREDICTED_MS)
    expect(draining.endsAt).toBeLessThan(START + 2 * PREDICTED_MS)
    expect(draining.expiresAt).toBe(draining.endsAt)
  })

  test('leaves those of others alone', () => {
    const two = granted(granted(deaf))
    const after = abandon(two, two.leases[1] as Lease, START + 1)
    expect(after.leases[0]).toBe(two.leases[0])
    expect(after.leases[1]?.phase).toBe('draining')
  })

  test('is over when it leaves a second time, or when its decode must be over', () => {
    const before = granted(deaf)
    const draining = abandon(before, only(before), START)
    expect(abandon(draining, only(draining), START + 1).leases).toEqual([])
    expect(abandon(before, only(before), START + 15_000).leases).toEqual([])
  })

  test('shows how slow its backend is when it left after far more than was expected', () => {
    const before = granted(deaf, { deadlineAt: START + 1e9 })
    expect(abandon(before, only(before), START + 15_000).pace).toBe(before.pace)
    expect(abandon(before, only(before), START + 60_000).pace.speed).toBeGreaterThan(1)
  })
})

describe('a lease that nobody gave back', () => {
  const wait = { deadlineAt: START + 1e9 }

  test('P10: is over when its time is, and speaks against its backend', () => {
    const before = granted(backend('a'), wait)
    const { expiresAt } = only(before)
    expect(expire(before, expiresAt - 1)).toEqual({ backend: before, isSuspect: false })
    expect(expire(before, expiresAt)).toMatchObject({ backend: { leases: [] }, isSuspect: true })
  })

  test('P10: drains first when its decode may still run, which speaks against nobody again', () => {
    const before = granted(backend('a'), { deadlineAt: START + 1_000 })
    const { expiresAt } = only(before)
    const { backend: after, isSuspect } = expire(before, expiresAt)
    expect(isSuspect).toBe(true)
    const draining = only(after)
    expect(draining.phase).toBe('draining')
    expect(draining.endsAt).toBeGreaterThan(START + PREDICTED_MS)
    expect(expire(after, draining.expiresAt)).toMatchObject({ backend: { leases: [] }, isSuspect: false })
  })

  test('makes room for the staged one', () => {
    const two = granted(granted(backend('a'), wait), { deadlineAt: START + 1e9 }, START + 30_000)
    const { expiresAt } = two.leases[0] as Lease
    const { backend: after } = expire(two, expiresAt)
    expect(only(after)).toMatchObject({ id: 2, phase: 'running' })
  })

  test('and a staged one that ends with it speak against their backend once', () => {
    const early = { deadlineAt: START + 1_000 }
    const two = granted(granted(backend('a'), { ...early, predictedMs: 100 }), early)
    const at = Math.max(...two.leases.map(({ expiresAt }) => expiresAt))
    const { backend: after, isSuspect } = expire(two, at)
    expect(isSuspect).toBe(true)
    expect(only(after).phase).toBe('draining')
    expect(expire(after, at + 1).isSuspect).toBe(false)
  })
})

describe('a lease of the former life of the pool', () => {
  test('P2: runs already, and lasts until it is renewed or given back', () => {
    const adopted = only(adopt(backend('a'), 7, 1_000, 400, START))
    expect(adopted).toMatchObject({
      id: 7,
      key: '',
      phase: 'running',
      grantedAt: START - 400,
      startsAt: START - 400,
      endsAt: START + 600,
      isHedge: false,
    })
    expect(adopted.expiresAt).toBeGreaterThan(START)
  })

  test('P2: that is late by now is expected to end now', () => {
    expect(only(adopt(backend('a'), 7, 1_000, 9_000, START)).endsAt).toBe(START)
  })
})
