/** The simulator as a whole, small: it repeats itself, knows the textbook, and the pool keeps its promises in it. */
import { expect, test, vi } from 'vitest'
import { Overseer } from './invariants/overseer.ts'
import type { Summary } from './metrics/summary.ts'
import { IMAGE_WORK_MS } from './model/workload.ts'
import { type BaselineName, baseline } from './policies/baselines.ts'
import { shippedPolicy } from './policies/shipped.ts'
import { run } from './run.ts'
import { equal, type Scenario, scenario } from './scenarios/scenario.ts'
import { SINGLE_FAULTS, singleFault } from './scenarios/single-fault.ts'
import { standard } from './scenarios/standard.ts'
import { runSwarm } from './swarm-run.ts'

const SEED = 1

// Seconds of computing, more where tests run side by side.
vi.setConfig({ testTimeout: 120_000 })

const summaryOf = async (...of: Parameters<typeof run>): Promise<Summary> => (await run(...of)).summary

test('a run repeats itself from its seed, and differs from that of another', async () => {
  const reference = standard('homogeneous', 2_000)
  const runFrom = (seed: number): Promise<Summary> => summaryOf(reference, shippedPolicy(), seed)
  expect(await runFrom(3)).toEqual(await runFrom(3))
  expect((await runFrom(3)).meanWaitMs).not.toBe((await runFrom(4)).meanWaitMs)
})

test('one backend with random arrivals waits as Pollaczek and Khinchine say', async () => {
  const load = 0.5
  const images = scenario('M/G/1', {
    slowness: equal(1),
    sigma: 0,
    network: { hopMs: 0, latencyMs: 0, uploadMs: 0, downloadMs: 0, jitter: 0 },
    workload: { requests: 200_000, videoShare: 0, loadOfKeys: [load] },
  })
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, own) => sum + own, 0) / values.length
  const meanMs = mean(IMAGE_WORK_MS)
  const square = mean(IMAGE_WORK_MS.map((ms) => ms ** 2))
  const expected = (load / meanMs) * (square / (2 * (1 - load)))
  const { meanWaitMs } = await summaryOf(images, baseline('random'), SEED)
  expect(meanWaitMs / expected).toBeGreaterThan(0.97)
  expect(meanWaitMs / expected).toBeLessThan(1.03)
})

test('a strict central queue cannot keep up with images where early grants can', async () => {
  const images = scenario('images, 80 %', {
    workload: { requests: 20_000, videoShare: 0, loadOfKeys: [0.8] },
  })
  const meanOf = async (name: 'central, strict' | 'central, early'): Promise<number> =>
    (await summaryOf(images, baseline(name), SEED)).meanWaitMs
  expect(await meanOf('central, strict')).toBeGreaterThan(10_000)
  expect(await meanOf('central, early')).toBeLessThan(200)
})

const meanWaitOf = async (of: Scenario, name: BaselineName): Promise<number> =>
  (await summaryOf(of, baseline(name), SEED)).meanWaitMs

test('baselines come in the order that the literature has them in', async () => {
  const reference = standard('homogeneous', 30_000)
  const order = ['random', 'P2C, local', 'P2C, global', 'JIQ', 'JSQ', 'central, early'] as const
  const waits = await Promise.all(order.map((name) => meanWaitOf(reference, name)))
  expect(waits).toEqual(waits.toSorted((a, b) => b - a))
})

test('the pool waits less than every baseline on the standard mix', async () => {
  const reference = standard('homogeneous', 10_000)
  const own = await summaryOf(reference, shippedPolicy({ witness: new Overseer(50) }), SEED)
  const names = ['JSQ', 'least work', 'central, early'] as const
  const others = await Promise.all(names.map((name) => meanWaitOf(reference, name)))
  expect(own.meanWaitMs).toBeLessThan(Math.min(...others))
  expect(own.served).toBe(own.requests)
})

test.each(SINGLE_FAULTS)('G2: no request fails of one backend with: %s', async (name) => {
  const summary = await summaryOf(
    singleFault(name, 3_000),
    shippedPolicy({ witness: new Overseer(20) }),
    SEED,
  )
  expect(summary.blameless, JSON.stringify(summary.why)).toBe(0)
  expect(summary.amplification).toBeLessThanOrEqual(1.1)
})

test.each([1, 2, 3, 4, 5])('the pool keeps its promises under the faults of seed %i', async (seed) => {
  expect((await runSwarm(seed)).broken).toBeNull()
})
