/** The whole benchmark with hardly any load: that it runs, not what it measures. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { Results } from './report.ts'

const run = (...options: string[]) =>
  promisify(execFile)(process.execPath, [
    fileURLToPath(new URL('main.ts', import.meta.url)),
    '--rounds=1',
    '--seconds=0.05',
    ...options,
  ])

test('the benchmark runs from end to end, and with --json says nothing but JSON', async () => {
  const { stdout } = await run('--json', '--only=32k/60k', '--clients=2')
  const { lines, memory, cost, floors } = JSON.parse(stdout) as Results
  const contenders = lines.map(({ contender }) => contender).filter((name) => name !== 'nginx')
  expect(contenders).toEqual([
    'direct',
    'pass-through',
    'buffering pass-through',
    'pass-through with leases',
    'bare design',
    'gateway',
  ])
  for (const { requests, broken } of lines) {
    expect(requests).toBeGreaterThan(0)
    expect(broken).toBe(0)
  }
  expect(Object.keys(memory)).toEqual(['pass-through', 'buffering pass-through', 'gateway'])
  // One call for a place, one for a slot.
  expect(cost.counts.objectCalls).toBeGreaterThanOrEqual(2)
  expect(cost.counts.logLines).toBeGreaterThanOrEqual(1)
  expect(floors).toHaveLength(6)
}, 120_000)

test('a cell that there is not is an error before anything is started', async () => {
  await expect(run('--only=1k/1k')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--only must be one of 32k/60k'),
  })
})
