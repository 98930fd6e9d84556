/**
 * What a pool gets out of its backends on a virtual clock: clients that send one job after the other, backends that take their
 * own time whatever the pool believes. A1 in its forms, curves, first decodes, noise, throttling, distance; and B4.
 */
import { describe, expect, test } from 'vitest'
import {
  type Attack,
  type FakeGpu,
  type Loop,
  runLoop,
  SDXL,
  type Size,
} from '../../test/support/closed-loop.ts'

const fixed = (...ms: readonly number[]): Pick<Loop, 'gpus'> => ({ gpus: ms.map((each) => ({ ms: each })) })
const LONG = { deadlineMs: 600_000 }

describe('FA1: after twenty decodes the fast backends have the work', () => {
  test.each<[number[], number]>([
    [[25, 700], 1],
    [[25, 700], 6],
    [[25, 700], 100],
    [[12, 90], 1],
    [[12, 90], 8],
    [[30, 1_000], 1],
    [[30, 1_000], 8],
    [[30, 1_000], 100],
    [[20, 1_000], 8],
    [[5, 100], 1],
    [[5, 5_000], 8],
    [[60, 100], 8],
    [[60, 5_000], 100],
    [[40, 120], 3],
    [[30, 30, 200, 1_000], 8],
    [[40, 40, 400, 400], 12],
    [[60, 60, 60, 300, 300, 300, 300, 300], 16],
    [[10, 30, 60, 60, 200, 1_000, 1_000, 5_000], 100],
    [new Array(8).fill(50), 100],
  ])('%j ms by %i clients: 0.95 of what can be had', (ms, clients) => {
    for (const hasComputeMs of [false, true]) {
      const { share, refused } = runLoop({ ...fixed(...ms), ...LONG, clients, hasComputeMs, hopMs: 2 })
      expect(share).toBeGreaterThan(0.95)
      expect(refused).toBe(0)
    }
  })

  test('where there are as many clients as slots it is what the ways leave', () => {
    expect(
      runLoop({ ...fixed(60, 60, 60, 300, 300, 300, 300, 300), clients: 8, hopMs: 1 }).share,
    ).toBeGreaterThan(0.95)
    const { perSecond } = runLoop({ ...fixed(25, 700), clients: 2, hopMs: 1 })
    expect(perSecond).toBeGreaterThan(1_000 / 27 + 1_000 / 702)
  })

  test('with four slots each', () => {
    const gpus = [60, 200].map((ms) => ({ ms, slots: 4 }))
    expect(runLoop({ gpus, clients: 100, hopMs: 2 }).share).toBeGreaterThan(0.95)
  })
})

const first =
  (ms: number): FakeGpu['ms'] =>
  (_size, nth) =>
    nth === 1 ? 10 * ms : ms
const noisy =
  (ms: number): FakeGpu['ms'] =>
  (_size, _nth, _now, random) =>
    ms * (0.7 + 0.6 * random())
const withOutliers =
  (ms: number): FakeGpu['ms'] =>
  (_size, _nth, _now, random) =>
    random() < 0.02 ? 20 * ms : ms * (0.9 + 0.2 * random())

describe('FA1: a backend is not lost', () => {
  test.each<[string, (ms: number) => FakeGpu['ms']]>([
    ['to a first decode that is ten times slower', first],
    ['to noise', noisy],
    ['to outliers', withOutliers],
  ])('%s', (_, shape) => {
    for (const seed of [1, 2, 3]) {
      for (const clients of [1, 8]) {
        const gpus = [25, 700].map((ms) => ({ ms: shape(ms) }))
        const { decodes } = runLoop({ gpus, ...LONG, clients, seed, hopMs: 2 })
        expect((decodes[0] ?? 0) / 400).toBeGreaterThan(0.93)
      }
    }
  })

  const sizes: Size[] = [256, 512, 768, 1_024, 1_536, 2_048].map((px) => ({
    model: 'sdxl',
    predictedMs: 20 + 200 * (px / 1_024) ** 2,
  }))
  const megapixels = ({ predictedMs }: Size): number => (predictedMs - 20) / 200
  const curved =
    (msOf: (mp: number) => number): FakeGpu['ms'] =>
    (size, nth) =>
      (nth === 1 ? 10 : 1) * msOf(megapixels(size))

  test.each<[string, (mp: number) => number, (mp: number) => number]>([
    ['affine', (mp) => 5 + 40 * mp, (mp) => 20 + 200 * mp],
    ['super-linear', (mp) => 5 + 40 * mp ** 1.6, (mp) => 10 + 120 * mp],
    ['tiled', (mp) => (5 + 40 * mp) * (mp > 1 ? 2 : 1), (mp) => 10 + 120 * mp],
  ])('to first decodes of six sizes, each ten times slower: %s', (_, fast, slow) => {
    const gpus = [{ ms: curved(fast) }, { ms: curved(slow) }]
    for (const clients of [1, 8]) {
      const { share, decodes } = runLoop({ gpus, ...LONG, clients, sizes, hopMs: 2, jobs: 1_000 })
      expect(decodes[0]).toBeGreaterThan(600)
      expect(share).toBeGreaterThan(0.94)
    }
  })

  test('to a time in which it was eight times slower', () => {
    const throttled: FakeGpu['ms'] = (_size, _nth, now) => (now > 1_020_000 && now < 1_040_000 ? 400 : 50)
    const gpus = [{ ms: throttled }, { ms: 150 }]
    const { decodes } = runLoop({ gpus, clients: 1, jobs: 3_000 })
    expect(decodes[0]).toBeGreaterThan(2_500)
    const always = runLoop({ gpus: [{ ms: 50 }, { ms: 150 }], clients: 1, jobs: 3_000 })
    expect(always.decodes[1]).toBeLessThanOrEqual(5)
  })

  test('for good to first decodes of many shapes of one size', () => {
    const shapes = Array.from({ length: 8 }, (_, at) => ({ model: 'sdxl', predictedMs: 200 + at / 100 }))
    const gpus = [{ ms: 200 }, { ms: first(60) }]
    const { decodes } = runLoop({ gpus, clients: 1, sizes: shapes, jobs: 4_000 })
    expect(decodes[1]).toBeGreaterThan(2_000)
  })
})

test('FA1: a pool that begins anew trusts what it remembers', () => {
  const loop = { ...fixed(30, 200), clients: 1 }
  const { state } = runLoop({ ...loop, jobs: 50 })
  const memories = new Map(state.backends.map(({ id, times }) => [id, { times }]))
  const next = runLoop({ ...loop, jobs: 5, warmUp: 1, memories })
  expect(next.decodes).toEqual([5, 0])
})

describe('P20: a backend that is far away', () => {
  test.each([20, 80])(
    'by %i ms has its next jobs on their way, where it says how long a decode took',
    (networkMs) => {
      const far = { ...fixed(60, 200), ...LONG, hopMs: 2, networkMs, jobs: 800 }
      const { share } = runLoop({ ...far, clients: 16, hasComputeMs: true })
      expect(share).toBeGreaterThan(0.95)
    },
  )

  test('is used as well as by a proxy with one request per slot where it does not say that', () => {
    const { perSecond } = runLoop({
      ...fixed(60, 200),
      ...LONG,
      hopMs: 2,
      networkMs: 20,
      clients: 16,
      jobs: 800,
    })
    expect(perSecond).toBeGreaterThan(1_000 / 100 + 1_000 / 240)
  })
})

describe('FB4: a key whose requests fail on every backend, twice as often as was seen', () => {
  const KINDS: [string, Attack['evidence'], number][] = [
    ['404', { kind: 'misconfigured', model: 'sdxl' }, 3],
    ['429', { kind: 'busy', model: 'sdxl', retryAfterMs: 60_000 }, 3],
    ['413', { kind: 'out-of-memory', model: 'sdxl', predictedMs: 200 }, 3],
    ['500', { kind: 'soft', model: 'sdxl' }, 10],
    ['a broken connection', { kind: 'hard', model: 'sdxl' }, 10],
    ['a connection that ends at once', { kind: 'unreachable' }, 3],
  ]
  test.each(KINDS)('costs the others time in proportion and no request: %s', (_, evidence, afterMs) => {
    for (const ms of [
      [30, 30, 30],
      [60, 200, 200],
    ]) {
      const loop = { ...fixed(...ms), clients: 3, hopMs: 2, jobs: 1_000 }
      const calm = runLoop(loop)
      const attack = { everyMs: 150, size: SDXL, evidence, afterMs }
      const { refused, p99, perSecond } = runLoop({ ...loop, attack })
      expect(refused).toBe(0)
      expect(p99).toBeLessThanOrEqual(3 * calm.p99)
      expect(perSecond).toBeGreaterThan(0.5 * calm.perSecond)
    }
  })
})
