import { describe, expect, test } from 'vitest'
import { backend, job, known, START } from '../../test/support/pool.ts'
import { abandon, adopt, expire, free, grant, leaseOf, renew, resize } from './leases.ts'
import { estimateFor } from './selection.ts'
import type { BackendState, Job, Lease } from './state.ts'

const PREDICTED_MS = 10_000

/** A choice as `choose` makes it. */
const granted = (to: BackendState, changes: Partial<Job> = {}, now = START): BackendState => {
  const one = job('t', { predictedMs: PREDICTED_MS, ...changes })
  const startsAt = now + to.times.deadMs
  const endsAt = startsAt + one.predictedMs
  const choice = { backend: to, known: estimateFor(to, one), isOld: false, startsAt, endsAt, hasRoom: true }
  return grant(to.leases.length + 1, one, choice, now)
}

/** What is known of such a job's decode. */
const meanOf = (one: BackendState, predictedMs = PREDICTED_MS): number =>
  estimateFor(one, { model: 'sdxl', predictedMs }).meanMs

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
    expect(only(granted(backend('a'), { key: 'k' }))).toMatchObject({
      key: 'k',
      isHedge: false,
      isRetry: false,
    })
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
    const [first, second] = resize(before, before.leases[0] as Lease, PREDICTED_MS / 4).leases
    expect(first?.startsAt).toBe(before.leases[0]?.startsAt)
    expect(first?.endsAt).toBe((first?.startsAt ?? 0) + PREDICTED_MS / 4)
    expect(second).toBe(before.leases[1])
  })

  test('teaches the time of what was decoded, not of what was granted', () => {
    const whole = granted(backend('a'))
    const resized = resize(whole, only(whole), PREDICTED_MS / 4)
    const learnt = (state: BackendState): number =>
      meanOf(free(state, only(state), { decoded: true, computeMs: 700 }, START + 9_000))
    expect(learnt(whole)).toBe(700)
    expect(learnt(resized)).toBe(2_800)
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

  test('teaches how long its backend takes: what that says of it', () => {
    const before = granted(backend('a'))
    const after = free(before, only(before), DECODED, START + 20_100)
    expect(after.leases).toEqual([])
    expect(meanOf(after)).toBe(20_000)
    expect(after.proven).toEqual([{ model: 'sdxl', predictedMs: PREDICTED_MS }])
  })

  test('FA1: teaches what the holder measured where the backend does not say, however short that was', () => {
    const taught = (ms: number): number => {
      const before = granted(backend('a'))
      return meanOf(free(before, only(before), { decoded: true, attemptMs: ms }, START + ms + 4))
    }
    expect([5, 25, 700].map(taught)).toEqual([5, 25, 700])
  })

  test('teaches the time since its slot was free where it waited there for another', () => {
    const two = granted(granted(backend('a')), {}, START + 9_990)
    const next = free(two, two.leases[0] as Lease, UNDONE, START + 10_000)
    const { startsAt } = only(next)
    const after = free(next, only(next), { decoded: true, attemptMs: 9_000 }, startsAt + 3_000)
    expect(meanOf(after)).toBe(3_000)
  })

  test('teaches nothing where nothing was decoded, nor of what ran on without its holder', () => {
    const before = granted(backend('a', { abortable: false }))
    expect(free(before, only(before), UNDONE, START + 20_000).times).toBe(before.times)
    const left = abandon(before, only(before), START + 1_000)
    expect(free(left, only(left), DECODED, START + 2_000).times).toBe(left.times)
  })

  test('P20: teaches how far its backend is: the first time at once, then little by little', () => {
    const far = (state: BackendState, deadMs: number): BackendState => {
      const times = { decoded: true, attemptMs: 200 + deadMs - 4, computeMs: 200 }
      const now = START + deadMs + 200
      return free(state, only(state), times, now)
    }
    const once = far(granted(backend('a')), 160)
    expect(once.times.deadMs).toBe(160)
    expect(far(granted(once), 240).times.deadMs).toBe(170)
    // Where the backend says nothing, only the ways of the grant and of its end are known.
    const before = granted(backend('a'))
    const silent = free(before, only(before), { decoded: true, attemptMs: 360 }, START + 364)
    expect(silent.times.deadMs).toBe(4)
  })

  test('P20: teaches that of one that waited there, unless it may have waited for another', () => {
    const staged = (deadMs: number, endsAfterMs: number): number => {
      const first = { ...backend('a'), times: { ...known(200), deadMs } }
      const two = granted(granted(first), {}, START + 100)
      const next = free(two, two.leases[0] as Lease, UNDONE, START + 200)
      const at = START + 100 + endsAfterMs
      return free(next, only(next), { decoded: true, attemptMs: 1_000, computeMs: 200 }, at).times.deadMs
    }
    // The backend was idle for a while before it came, so that it was on its way for longer.
    expect(staged(100, 460)).toBeGreaterThan(100)
    // It waited for no longer than it was on its way.
    expect(staged(100, 250)).toBeLessThan(100)
    // It came early, and waited.
    expect(staged(10, 300)).toBe(10)
  })

  test('has the staged one begin, as early as it can be there', () => {
    const two = granted(granted(backend('a')), {}, START + 9_990)
    const at = START + 10_000
    const next = only(free(two, two.leases[0] as Lease, UNDONE, at))
    const startsAt = START + 9_990 + two.times.deadMs
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

  test('is over when it leaves a second time', () => {
    const before = granted(deaf)
    const draining = abandon(before, only(before), START)
    expect(abandon(draining, only(draining), START + 1).leases).toEqual([])
  })

  test('FA2: shows that its decode takes longer than was thought where it was overdue, and not before', () => {
    const times = known(PREDICTED_MS, { sizeMs: PREDICTED_MS })
    const before = granted(backend('a', { times }), { deadlineAt: START + 1e9 })
    expect(abandon(before, only(before), START + 9_000).times).toBe(before.times)
    const late = abandon(before, only(before), START + 15_000)
    expect(meanOf(late)).toBeGreaterThan(PREDICTED_MS)
    expect(meanOf(late)).toBeLessThanOrEqual(2 * PREDICTED_MS)
  })

  test('FA2: holds its slot for half as long again where it was overdue, half a minute at most', () => {
    const before = granted(deaf, { deadlineAt: START + 1e9 })
    const heldMs = (ms: number): number => {
      const { leases } = abandon(before, only(before), START + ms)
      return (leases[0]?.endsAt ?? 0) - (START + ms)
    }
    const { deadMs } = before.times
    expect(heldMs(20_000)).toBe((20_000 - deadMs) / 2)
    expect(heldMs(500_000)).toBe(30_000)
  })
})

describe('a lease that nobody gave back', () => {
  const wait = { deadlineAt: START + 1e9 }

  test('P10: is over when its time is, and speaks against its backend', () => {
    const before = granted(backend('a'), wait)
    const { expiresAt } = only(before)
    expect(expire(before, expiresAt - 1)).toEqual({ backend: before, lost: [] })
    expect(expire(before, expiresAt)).toEqual({ backend: { ...before, leases: [] }, lost: before.leases })
  })

  test('P10: drains first when its decode may still run, which speaks against nobody again', () => {
    const before = granted(backend('a'), { deadlineAt: START + 1_000 })
    const { expiresAt } = only(before)
    const { backend: after, lost } = expire(before, expiresAt)
    expect(lost).toEqual(before.leases)
    const draining = only(after)
    expect(draining.phase).toBe('draining')
    expect(draining.endsAt).toBeGreaterThan(START + PREDICTED_MS)
    expect(expire(after, draining.expiresAt)).toMatchObject({ backend: { leases: [] }, lost: [] })
  })

  test('makes room for the staged one', () => {
    const two = granted(granted(backend('a'), wait), { deadlineAt: START + 1e9 }, START + 30_000)
    const { expiresAt } = two.leases[0] as Lease
    const { backend: after } = expire(two, expiresAt)
    expect(only(after)).toMatchObject({ id: 2, phase: 'running' })
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
