/** `init` and `secrets generate`: what they write is what the other commands take. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { readAdminToken } from '../../src/auth/admin-token.ts'
import { parsePeppers } from '../../src/auth/key-ring.ts'
import { checkSettings } from '../../src/local/check-settings.ts'
import { runCommand } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { expectValue } from '../support/results.ts'

const GPU = 'id=gpu-1,url=https://gpu.example.com/vae,models=sdxl+flux,token=GPU_TOKEN,slots=2,sleeps'

/** The configuration that a gateway would read from the file. */
async function configOf(file: string) {
  const { mistakes, config } = await checkSettings(file, {
    env: {},
    wantsSecrets: false,
    settingsOnly: false,
  })
  expect(mistakes).toEqual([])
  return config
}

test('init writes a file from options alone, which config check passes', async () => {
  const folder = folderWith()
  const file = join(folder, 'gateway.toml')
  const ended = await runCommand(['init', '--yes', '--output', file, '--name', 'my-vae', '--backend', GPU])
  expect(ended).toMatchObject({
    code: 0,
    stdout: `Wrote ${file}.\n`,
    stderr: expect.stringContaining('put GPU_TOKEN=…'),
  })
  expect((await configOf(file))?.backends).toMatchObject([
    {
      id: 'gpu-1',
      url: 'https://gpu.example.com/vae',
      models: ['sdxl', 'flux'],
      kind: 'vae-backend',
      slots: 2,
      scaleToZero: true,
    },
    { id: 'preview', kind: 'preview' },
  ])
  expect(readFileSync(file, 'utf8')).toMatch(/^name = "my-vae"$/m)
  expect(readdirSync(folder)).toEqual(['gateway.toml'])
})

test('init asks, and asks again where an answer cannot be so', async () => {
  const file = join(folderWith(), 'gateway.toml')
  const answers = [
    'My Gateway',
    '',
    'y',
    'http://10.0.0.1/',
    'https://a.eu-west-1.aws.endpoints.huggingface.cloud/',
  ]
  const input = [...answers, 'eu-1', 'sd9', 'sdxl, flux', '', '', '', 'n', ''].join('\n')
  const { code, stderr } = await runCommand(['init', '--output', file], { input })
  expect(code).toBe(0)
  expect(stderr).toContain('Expected lower-case letters, digits and dashes.')
  expect(stderr).toContain('Expected https; plain http is for loopback addresses only.')
  expect(stderr).toContain('"sd9" is none')
  const config = await configOf(file)
  expect(config?.backends[0]).toMatchObject({
    id: 'eu-1',
    models: ['sdxl', 'flux'],
    kind: 'huggingface',
    slots: 1,
    scaleToZero: true,
  })
  expect(readFileSync(file, 'utf8')).toContain('tokenSecret = "HF_TOKEN"')
})

test('init replaces nothing that it was not told to', async () => {
  const folder = folderWith({ 'wrangler.toml': 'mine' })
  const file = join(folder, 'wrangler.toml')
  expect(await runCommand(['init', '--yes', '--output', file])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--force'),
  })
  expect(await runCommand(['init', '--output', file], { input: 'n\n' })).toMatchObject({ code: 1 })
  expect(await runCommand(['init', '--output', file], { input: '' })).toMatchObject({ code: 1 })
  expect(await runCommand(['init', '--output', file], { input: 'y\n' })).toMatchObject({ code: 1 })
  expect(readFileSync(file, 'utf8')).toBe('mine')
  expect(readdirSync(folder)).toEqual(['wrangler.toml'])
  expect(await runCommand(['init', '--yes', '--force', '--output', file])).toMatchObject({ code: 0 })
  expect((await configOf(file))?.backends).toMatchObject([{ id: 'preview' }])
})

test.each([
  ['an unknown fact', 'id=a,url=https://a.example/,models=sdxl,color=red', '"color" is none of them'],
  ['a private address', 'id=a,url=https://10.1.1.1/,models=sdxl', 'url: a public host'],
  ['an unknown model', 'id=a,url=https://a.example/,models=sd9', '"sd9" is none'],
  [
    'a token for its name',
    'id=a,url=https://a.example/,models=sdxl,token=hf-x',
    'token: the name of a secret',
  ],
  ['no models', 'id=a,url=https://a.example/', 'models: at least one'],
])('init refuses a backend with %s', async (_, backend, says) => {
  const file = join(folderWith(), 'gateway.toml')
  const ended = await runCommand(['init', '--yes', '--output', file, '--backend', backend])
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(says) })
  expect(existsSync(file)).toBe(false)
})

test('two backends of one id are refused before anything is written', async () => {
  const folder = folderWith()
  const other = GPU.replace('gpu.example', 'other.example')
  const ended = await runCommand([
    'init',
    '--yes',
    '--output',
    join(folder, 'x.toml'),
    '--backend',
    GPU,
    '--backend',
    other,
  ])
  expect(ended).toMatchObject({
    code: 1,
    stderr: 'Nothing was written: vars.BACKENDS[1].id: the same as that of vars.BACKENDS[0].\n',
  })
  expect(readdirSync(folder)).toEqual([])
})

test('secrets generate makes secrets that a gateway takes, others each time', async () => {
  const [one, two] = await Promise.all([
    runCommand(['secrets', 'generate']),
    runCommand(['secrets', 'generate']),
  ])
  const made = parseEnv(one.stdout)
  expect(expectValue(parsePeppers(made.KEY_SECRETS ?? ''))).toMatchObject([[1, { length: 32 }]])
  expect(expectValue(readAdminToken(made.ADMIN_TOKEN))).toBe(made.ADMIN_TOKEN)
  expect(one.stdout).not.toBe(two.stdout)
})

test('secrets generate --rotate puts a pepper in front, and a key that was made before is still good', async () => {
  const toml = '[[vars.BACKENDS]]\nid = "preview"\nkind = "preview"\nmodels = ["*"]\n'
  const folder = folderWith({ 'wrangler.toml': toml })
  const config = ['--config', join(folder, 'wrangler.toml')]
  writeFileSync(join(folder, '.dev.vars'), (await runCommand(['secrets', 'generate'])).stdout)
  const key = (await runCommand(['keys', 'create', ...config])).stdout.trim()
  expect(key).toMatch(/^vg_\w{47}$/)

  const { stdout, stderr } = await runCommand(['secrets', 'generate', '--rotate', '--json', ...config])
  const { KEY_SECRETS, ...others } = JSON.parse(stdout) as Record<string, string>
  expect(expectValue(parsePeppers(KEY_SECRETS ?? '')).map(([id]) => id)).toEqual([2, 1])
  expect([others, stderr]).toEqual([{}, ''])
  const commands = await runCommand(['secrets', 'generate', '--rotate', '--wrangler', ...config])
  expect(commands.stdout).toMatch(
    /^printf %s '\{"2":".*","1":".*"\}' \| npx wrangler secret put KEY_SECRETS\n$/,
  )
  expect(commands.stderr).toContain('Pepper 2 signs new keys.')
})

test('there is nothing to rotate where there are no peppers', async () => {
  const folder = folderWith({ 'wrangler.toml': '', '.dev.vars': '' })
  const ended = await runCommand([
    'secrets',
    'generate',
    '--rotate',
    '--config',
    join(folder, 'wrangler.toml'),
  ])
  expect(ended).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('no peppers to rotate'),
  })
})
