/** The simulator as a whole, small: it repeats itself, knows the textbook, and the pool keeps its promises in it. */
import { expect, test, vi } from 'vitest'
import { Overseer } from './invariants/overseer.ts'
import { baseline } from './policies/baselines.ts'
import { corePolicy } from './policies/core.ts'
import { run } from './run.ts'
import { equal, scenario } from './scenarios/scenario.ts'
import { SINGLE_FAULTS, singleFault } from './scenarios/single-fault.ts'
import { standard } from './scenarios/standard.ts'
import { runSwarm } from './swarm-run.ts'

const SEED = 1

// Seconds of computing, more where tests run side by side.
vi.setConfig({ testTimeout: 120_000 })

test('a run repeats itself from its seed, and differs from that of another', () => {
  const reference = standard('homogeneous', 2_000)
  const runFrom = (seed: number) => run(reference, corePolicy(seed), seed).summary
  expect(runFrom(3)).toEqual(runFrom(3))
  expect(runFrom(3).meanWaitMs).not.toBe(runFrom(4).meanWaitMs)
})

test('one backend with random arrivals waits as Pollaczek and Khinchine say', () => {
  const load = 0.5
  const images = scenario('M/G/1', {
    slowness: equal(1),
    network: { hopMs: 0, latencyMs: 0, uploadMs: 0, downloadMs: 0, jitter: 0 },
    workload: { requests: 200_000, videoShare: 0, loadOfKeys: [load] },
  })
  const [low, high] = [50, 240]
  const meanMs = (low + high) / 2
  const square = (high ** 3 - low ** 3) / (3 * (high - low))
  const expected = (load / meanMs) * (square / (2 * (1 - load)))
  const { meanWaitMs } = run(images, baseline('random'), SEED).summary
  expect(meanWaitMs / expected).toBeGreaterThan(0.97)
  expect(meanWaitMs / expected).toBeLessThan(1.03)
})

test('a strict central queue cannot keep up with images where early grants can', () => {
  const images = scenario('images, 80 %', {
    workload: { requests: 20_000, videoShare: 0, loadOfKeys: [0.8] },
  })
  const meanOf = (name: 'central, strict' | 'central, early'): number =>
    run(images, baseline(name), SEED).summary.meanWaitMs
  expect(meanOf('central, strict')).toBeGreaterThan(10_000)
  expect(meanOf('central, early')).toBeLessThan(200)
})

test('baselines come in the order that the literature has them in', () => {
  const reference = standard('homogeneous', 30_000)
  const order = ['random', 'P2C, local', 'P2C, global', 'JIQ', 'JSQ', 'central, early'] as const
  const waits = order.map((name) => run(reference, baseline(name), SEED).summary.meanWaitMs)
  expect(waits).toEqual(waits.toSorted((a, b) => b - a))
})

test('the pool waits less than every baseline on the standard mix', () => {
  const reference = standard('homogeneous', 10_000)
  const own = run(reference, corePolicy(SEED, new Overseer(50)), SEED).summary
  const others = (['JSQ', 'least work', 'central, early'] as const).map(
    (name) => run(reference, baseline(name), SEED).summary.meanWaitMs,
  )
  expect(own.meanWaitMs).toBeLessThan(Math.min(...others))
  expect(own.served).toBe(own.requests)
})

test.each(SINGLE_FAULTS)('G2: no request fails of one backend with: %s', (name) => {
  const { summary } = run(singleFault(name, 3_000), corePolicy(SEED, new Overseer(20)), SEED)
  expect(summary.blameless, JSON.stringify(summary.why)).toBe(0)
  expect(summary.amplification).toBeLessThanOrEqual(1.1)
})

test.each([1, 2, 3, 4, 5])('the pool keeps its promises under the faults of seed %i', (seed) => {
  expect(runSwarm(seed).broken).toBeNull()
})
