/** Commands of an operator against a real gateway, each a process of its own. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answer, serve } from '../support/behaviours.ts'
import { decode, pictureQuery, uniqueLatent } from '../support/client.ts'
import { type Ended, runCommand, startCommand } from '../support/command.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const ADMIN_TOKEN = randomBytes(32).toString('base64url')
let backend: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  backend = await startFakeBackend(serve)
  gateway = await startTestGateway({
    ADMIN_TOKEN,
    BACKENDS: [{ id: 'gpu-1', url: backend.url, models: ['sdxl'], slots: 2 }],
    PLANS: { pro: { requestsPerMinute: 60, concurrency: 4 } },
  })
})
afterAll(async () => {
  await gateway.stop()
  await backend.stop()
})

const env = (): Record<string, string> => ({
  VAE_GATEWAY_URL: gateway.url,
  VAE_GATEWAY_ADMIN_TOKEN: ADMIN_TOKEN,
})
const run = (...args: string[]): Promise<Ended> => runCommand(args, { env: env() })

/** What a command says with --json. */
async function ask(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(...args, '--json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Record<string, unknown>
}

const statusWith = async (key: string): Promise<number> => {
  const headers = { authorization: `Bearer ${key}` }
  const response = await decode(gateway, `/sdxl?${pictureQuery()}`, uniqueLatent(), { headers })
  await response.arrayBuffer()
  return response.status
}

test('a key is made, shown, listed, replaced and revoked, and what is said of it is so', async () => {
  const made = await run(
    'keys',
    'create',
    '--name',
    'alice',
    '--plan',
    'pro',
    '--expires',
    '2030-01-31',
    '--concurrency',
    'none',
  )
  expect(made.stderr).toMatch(
    /^Key [0-9a-f]{16} "alice" of plan pro, good until 2030-01-31\. It is shown once\.\n$/,
  )
  const key = made.stdout.trim()
  expect(key).toMatch(/^vg_\w{47}$/)
  expect(made.stderr).toMatch(
    /^Key [0-9a-f]{16} "alice" of plan pro, good until 2030-01-31\. It is shown once\.\n$/,
  )
  const id = /[0-9a-f]{16}/.exec(made.stderr)?.[0] ?? ''

  const shown = await run('keys', 'show', id)
  expect(shown.stdout).toMatch(/^name {8}alice$/m)
  expect(shown.stdout).toMatch(/^expires {5}2030-01-31$/m)
  expect(shown.stdout).toMatch(/^requests per minute +[0-9.]+ +60/m)
  expect(shown.stdout).not.toMatch(/requests at a time/)

  const listed = await run('keys', 'list')
  expect(listed.stdout).toMatch(new RegExp(`^${id} {2}alice {2}pro +active +20[0-9-]{8} {2}2030-01-31$`, 'm'))

  // A key that was found somewhere names itself.
  expect(await ask('keys', 'usage', key, '--days', '7')).toEqual({ id, days: [] })

  const replaced = await run('keys', 'rotate', id, '--grace', '2')
  expect(replaced.stderr).toContain(
    `replaces ${id}, which stays good for 2 hours; the new one is good until 2030-01-31.`,
  )
  const [old, young] = [key, replaced.stdout.trim()]
  expect([await statusWith(old), await statusWith(young)]).toEqual([200, 200])
  expect(await ask('keys', 'show', id)).toMatchObject({ state: 'grace', name: 'alice' })

  const revoked = await run('keys', 'revoke', young)
  expect(revoked).toMatchObject({ code: 0, stderr: '' })
  expect(revoked.stdout).toMatch(
    /^Key [0-9a-f]{16} "alice" is revoked: it is refused from its next request on\.\n$/,
  )
  expect(await ask('keys', 'show', young)).toMatchObject({ state: 'revoked' })
  expect([await statusWith(old), await statusWith(young)]).toEqual([200, 401])
  expect(await ask('keys', 'show', id)).toMatchObject({ state: 'grace' })
}, 240_000)

test('--json gives the answer of the gateway, one object in all', async () => {
  const made = await ask('keys', 'create', '--name', 'bob', '--models', 'sdxl')
  expect(made).toMatchObject({
    name: 'bob',
    plan: 'default',
    models: ['sdxl'],
    state: 'active',
    key: expect.any(String),
  })
  const { keys } = (await ask('keys', 'list', '--limit', '1')) as { keys: unknown[] }
  expect(keys).toMatchObject([{ id: made.id, name: 'bob' }])
  expect(JSON.stringify(keys)).not.toContain(String(made.key))
})

test('a backend is drained, enabled, disabled and probed, and the pools say so', async () => {
  const served = await decode(gateway, `/sdxl?${pictureQuery()}`, uniqueLatent())
  await served.arrayBuffer()
  expect((await run('pools')).stdout).toMatch(
    /^pool gpu-1: 0 waiting, .*\n {2}models: sdxl\n.*\n {2}gpu-1 +usable +[01]\/2/,
  )
  expect((await run('backends', 'drain', 'gpu-1')).stdout).toMatch(
    /^gpu-1 finishes what it has and gets nothing new\. Its state: drained\./,
  )
  expect(await ask('pools')).toMatchObject({ pools: [{ backends: [{ id: 'gpu-1', state: 'drained' }] }] })
  expect((await run('backends', 'enable', 'gpu-1')).stdout).toMatch(/^gpu-1 may be used again\./)
  expect((await run('backends', 'disable', 'gpu-1')).stdout).toMatch(/Its state: disabled\./)
  await run('backends', 'enable', 'gpu-1')
  expect(await run('backends', 'probe', 'gpu-1')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('It passed.'),
  })
  backend.behaviour = answer('500 Internal Server Error', '?')
  backend.health = answer('500 Internal Server Error', '?')
  expect(await run('backends', 'probe', 'gpu-1')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('It failed.'),
  })
}, 240_000)

test('the configuration that counts is shown, without a secret', async () => {
  const { stdout } = await run('config', 'show')
  expect(JSON.parse(stdout)).toMatchObject({ backends: [{ id: 'gpu-1' }] })
  expect(stdout).not.toContain(ADMIN_TOKEN)
})

test('a wrong token, a key that there is not and a gateway that there is not are told apart', async () => {
  const wrong = await runCommand(['keys', 'list'], { env: { ...env(), VAE_GATEWAY_ADMIN_TOKEN: 'wrong' } })
  expect(wrong).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('The admin token is not that of this gateway.'),
  })
  const unknown = await run('keys', 'rotate', '0123456789abcdef', '--json')
  expect(unknown.code).toBe(1)
  expect(JSON.parse(unknown.stderr)).toMatchObject({ status: 404, code: 'unknown-key' })
  const away = await run('pools', '--url', 'http://127.0.0.1:2')
  expect(away).toMatchObject({
    code: 1,
    stderr: 'The gateway cannot be reached: the connection was refused.\n',
  })
  const other = await run('pools', '--url', backend.url)
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('is the URL right?') })
})

test.each([
  ['no gateway', ['pools'], {}, /Expected the URL of a gateway/],
  ['no token', ['pools', '--url', 'http://127.0.0.1:2'], {}, /Expected an admin token/],
  ['no name', ['keys', 'create', '--url', 'http://127.0.0.1:2', '--admin-token', 'x'], {}, /Expected --name/],
  ['no id', ['keys', 'revoke'], {}, /missing required argument 'id'/],
  ['an id that is none', ['keys', 'revoke', 'alice'], {}, /16 hexadecimal digits, or the key itself/],
  ['a URL that is none', ['pools'], { VAE_GATEWAY_URL: 'vae', VAE_GATEWAY_ADMIN_TOKEN: 'x' }, /not "vae"/],
  ['an option that there is not', ['pools', '--colour'], {}, /unknown option '--colour'/],
  ['no command', [], {}, /Usage: vae-gateway/],
])('wrong usage ends with 2: %s', async (_, args, given, says) => {
  expect(await runCommand(args, { env: given })).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(says),
  })
})

test('pools watch gives a line of JSON per look, and ends when it is told to', async () => {
  const { code, stdout } = await run('pools', 'watch', '--json', '--interval', '0.2', '--count', '3')
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { pools: unknown[] })
  expect([code, lines.length]).toEqual([0, 3])
  expect(lines.every(({ pools }) => pools.length === 1)).toBe(true)

  const endless = startCommand(['pools', 'watch', '--interval', '0.2'], { env: env() })
  await once(endless.stdout, 'data')
  endless.kill('SIGINT')
  expect(await once(endless, 'close')).toEqual([0, null])
})
