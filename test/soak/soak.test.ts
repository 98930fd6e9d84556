/** A few seconds of the soak, so that it is known to run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

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
  expect(checks.filter(({ verdict }: { verdict: string }) => verdict === 'FAIL')).toEqual([])
  expect(served).toBeGreaterThan(50)
  expect(Object.keys(faults).length).toBeGreaterThan(2)
  expect(code).toBe(0)
})
