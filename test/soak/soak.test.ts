/** A few seconds of the soak, so that it is known to run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { Check } from './checks.ts'

const root = new URL('../..', import.meta.url)

test('a fault every second is not noticed by anybody who behaves', async () => {
  const args = ['test/soak/main.ts', '--minutes', '0.1', '--seed', '1', '--json']
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  const [code] = (await once(child, 'close')) as [number]
  const { served, failed, faults, checks } = JSON.parse(text)
  expect(failed).toEqual([])
  // What the runtime remarks by itself depends on when it collects garbage, so it is left to longer runs.
  const isBad = ({ name, verdict }: Check): boolean => verdict === 'FAIL' && !name.startsWith('nothing but')
  expect(checks.filter(isBad)).toEqual([])
  expect(served).toBeGreaterThan(50)
  expect(Object.keys(faults).length).toBeGreaterThan(2)
  expect(code).toBe(checks.some(({ verdict }: Check) => verdict === 'FAIL') ? 1 : 0)
})
