/** The command around the suite; the suite itself takes minutes and is one of those that must pass. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = (...options: string[]) =>
  promisify(execFile)(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), ...options])

test('--list names the scenarios, the quick ones with --quick', async () => {
  const [all, quick] = await Promise.all([run('--list'), run('--list', '--quick')])
  const names = all.stdout.trim().split('\n')
  const few = quick.stdout.trim().split('\n')
  expect(names).toEqual(expect.arrayContaining(few))
  expect(few.length).toBeLessThan(names.length)
})

test('a scenario that there is not is an error before anything is started', async () => {
  await expect(run('--only=nonsense')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('No scenario has nonsense in its name'),
  })
})
