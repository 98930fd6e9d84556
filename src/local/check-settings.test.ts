import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderWith } from '../../test/support/folder.ts'
import { type CheckOptions, checkSettings, type Finding } from './check-settings.ts'
import { projectDir } from './installation.ts'

/** The project's own file with backends, a plan and a shard, and what it names found from anywhere. */
const GOOD = `${readFileSync(join(projectDir, 'wrangler.toml'), 'utf8')
  .replace('"src/worker.ts"', JSON.stringify(join(projectDir, 'src/worker.ts')))
  .replace(/\n\[+vars[\s\S]*$/, '\n')
  .replace(/^#.*\n/gm, '')}
[[vars.BACKENDS]]
id = "gpu-1"
url = "https://one.example.com/"
models = ["sdxl", "flux"]
kind = "huggingface"
tokenSecret = "HF_TOKEN"
slots = 2
scaleToZero = true
shard = "eu"

[[vars.BACKENDS]]
id = "gpu-2"
url = "https://two.example.com/"
models = ["sdxl"]
shard = "eu"

[vars.PLANS.pro]
requestsPerMinute = 60
models = ["sdxl"]

[vars.SHARDS.eu]
locationHint = "weur"
continents = ["EU", "AF"]

[vars.DISPATCH]
deadlineMs = 30_000
`
const SECRETS = 'KEY_SECRETS=\'{"1":"AAECAwQFBgcICQoLDA0ODw=="}\'\nHF_TOKEN=hf_x\n'

async function check(toml: string, options: Partial<CheckOptions> & { secrets?: string } = {}) {
  const { secrets = SECRETS, ...rest } = options
  const folder = folderWith({ 'wrangler.toml': toml, '.dev.vars': secrets })
  return checkSettings(join(folder, 'wrangler.toml'), {
    env: {},
    wantsSecrets: true,
    settingsOnly: false,
    ...rest,
  })
}

/** `LINE FIELD: MESSAGE`, the line as text of the file, so that the test says what it points at. */
const told = (toml: string, { line, field, message }: Finding): string =>
  `${line === undefined ? '' : (toml.split('\n')[line - 1] ?? '')} | ${field}: ${message}`

test('a file without a mistake has none, and is read', async () => {
  const { mistakes, notes, config } = await check(GOOD)
  expect([mistakes, notes]).toEqual([[], []])
  expect(config?.backends.map(({ id }) => id)).toEqual(['gpu-1', 'gpu-2'])
})

test('the project’s own file has no mistake', async () => {
  const file = join(projectDir, 'wrangler.toml')
  const { mistakes } = await checkSettings(file, { env: {}, wantsSecrets: false, settingsOnly: false })
  expect(mistakes).toEqual([])
})

/** One thing changed in the good file; the line that is pointed at, the field, and what is said. */
const PLANTED: readonly (readonly [
  what: string,
  from: string | RegExp,
  to: string,
  told: string | RegExp,
])[] = [
  [
    'a misspelt setting of a backend',
    'slots = 2',
    'slot = 2',
    'slot = 2 | vars.BACKENDS[0].slot: there is no such setting',
  ],
  [
    'a misspelt list of backends',
    /\[\[vars\.BACKENDS\]\]/g,
    '[[vars.BACKEND]]',
    /\| vars\.BACKENDS: Invalid input: expected array/,
  ],
  [
    'backends outside of vars',
    /\[\[vars\.BACKENDS\]\]/g,
    '[[BACKENDS]]',
    '[[BACKENDS]] | BACKENDS: belongs into [vars], as vars.BACKENDS',
  ],
  [
    'an id twice',
    '"gpu-2"',
    '"gpu-1"',
    'id = "gpu-1" | vars.BACKENDS[1].id: the same as that of vars.BACKENDS[0]',
  ],
  [
    'a url twice',
    'two.example',
    'one.example',
    'url = "https://one.example.com/" | vars.BACKENDS[1].url: the same as that of vars.BACKENDS[0]',
  ],
  [
    'plain http',
    'https://two',
    'http://two',
    'url = "http://two.example.com/" | vars.BACKENDS[1].url: expected https; plain http is for loopback addresses only',
  ],
  [
    'a private address',
    'two.example.com',
    '192.168.1.9',
    'url = "https://192.168.1.9/" | vars.BACKENDS[1].url: expected a public host, not a private or link-local address',
  ],
  [
    'credentials in a url',
    'https://two',
    'https://me:hf_x@two',
    /\| vars\.BACKENDS\[1\]\.url: expected a URL without user and password/,
  ],
  [
    'no url',
    'url = "https://two.example.com/"\n',
    '',
    '[[vars.BACKENDS]] | vars.BACKENDS[1].url: a vae-backend backend needs a url',
  ],
  [
    'an unknown model',
    '"flux"',
    '"flux9"',
    'models = ["sdxl", "flux9"] | vars.BACKENDS[0].models[1]: "flux9": unknown model; /v1/models lists the known ones',
  ],
  [
    'an unknown kind',
    '"huggingface"',
    '"replicate"',
    /^kind = "replicate" \| vars\.BACKENDS\[0\]\.kind: Invalid option/,
  ],
  [
    'the token itself',
    '"HF_TOKEN"',
    '"hf_abc-def"',
    'tokenSecret = "hf_abc-def" | vars.BACKENDS[0].tokenSecret: the name of a secret',
  ],
  [
    'a secret that is not set',
    '"HF_TOKEN"',
    '"HF_TOKN"',
    'tokenSecret = "HF_TOKN" | vars.BACKENDS[0].tokenSecret: the secret HF_TOKN is not set',
  ],
  [
    'a secret in the file',
    '[vars.PLANS.pro]',
    '[vars]\nHF_TOKEN = "hf_x"\n[vars.PLANS.pro]',
    /^HF_TOKEN = "hf_x" \| vars\.HF_TOKEN: a secret must not stand in the file/,
  ],
  [
    'slots as text',
    'slots = 2',
    'slots = "2"',
    'slots = "2" | vars.BACKENDS[0].slots: Invalid input: expected number, received string',
  ],
  [
    'a limit of 0',
    'requestsPerMinute = 60',
    'requestsPerMinute = 0',
    'requestsPerMinute = 0 | vars.PLANS.pro.requestsPerMinute: Too small: expected number to be >0',
  ],
  [
    'an unknown limit',
    'requestsPerMinute',
    'requestsPerHour',
    'requestsPerHour = 60 | vars.PLANS.pro.requestsPerHour: there is no such setting',
  ],
  [
    'a region that there is not',
    '"weur"',
    '"europe"',
    /^locationHint = "europe" \| vars\.SHARDS\.eu\.locationHint: Invalid option/,
  ],
  [
    'a shard that there is not',
    'models = ["sdxl"]\nshard = "eu"',
    'models = ["sdxl"]\nshard = "us"',
    'shard = "us" | vars.BACKENDS[1].shard: expected one of eu',
  ],
  [
    'a deadline beyond what is served',
    '30_000',
    '1_000_000',
    'deadlineMs = 1_000_000 | vars.DISPATCH.deadlineMs: Too big: expected number to be <=900000',
  ],
  [
    'no binding of the pool',
    '"POOL"',
    '"POOLS"',
    /\| durable_objects\.bindings: no binding has the name "POOL"/,
  ],
  [
    'another class under the binding',
    'class_name = "Pool"',
    'class_name = "Pools"',
    'class_name = "Pools" | durable_objects.bindings[0].class_name: expected "Pool"',
  ],
  [
    'an object that is not declared',
    '[exports.Pool]',
    '[exports.Pond]',
    /^\[exports\.Pond\] \| exports\.Pool: expected type = "durable-object"/,
  ],
  [
    'no flag for clients that leave',
    '"enable_request_signal"',
    '"nodejs_compat"',
    /^compatibility_flags .* \| compatibility_flags: expected "enable_request_signal"/,
  ],
  [
    'an old platform',
    '2026-10-01',
    '2024-01-01',
    /^compatibility_date .* \| compatibility_date: expected "2026-10-01" or later/,
  ],
  [
    'pages in front of decodes',
    'run_worker_first = true',
    'run_worker_first = ["/v1/*"]',
    /\| assets\.run_worker_first: expected true/,
  ],
  [
    'pages that nobody has built',
    '"./dist/public"',
    '"./public"',
    /^directory = ".\/public" \| assets\.directory: expected the dist\/public/,
  ],
  [
    'URLs in the log',
    'invocation_logs = false',
    'invocation_logs = true',
    /^invocation_logs = true \| observability\.logs\.invocation_logs: expected false/,
  ],
  [
    'a table that wrangler does not know',
    '[observability]',
    '[observabilty]',
    '[observabilty] | observabilty: wrangler has no such setting',
  ],
  [
    'a number as text, for the platform',
    'cpu_ms = 30000',
    'cpu_ms = "30 s"',
    /^cpu_ms = "30 s" \| limits\.cpu_ms: Expected "limits\.cpu_ms" to be of type number/,
  ],
  [
    'no code',
    /^main = .*$/m,
    'main = "src/wroker.ts"',
    'main = "src/wroker.ts" | main: there is no file src/wroker.ts seen from here',
  ],
  ['no TOML', 'slots = 2', 'slots = = 2', /^slots = = 2 \| :/],
  ['a setting twice', 'slots = 2', 'slots = 2\nslots = 3', /^slots = 3 \| :/],
]

describe('a mistake that was planted is found, and its line and setting are named', () => {
  test.each(PLANTED)('%s', async (_, from, to, expected) => {
    const toml = GOOD.replace(from, to)
    expect(toml).not.toBe(GOOD)
    const { mistakes, config } = await check(toml)
    const lines = mistakes.map((finding) => told(toml, finding))
    expect(config).toBeUndefined()
    expect(
      lines.filter((line) => (typeof expected === 'string' ? line === expected : expected.test(line))),
    ).toHaveLength(1)
    // Nothing is accused that is as it was; what hangs on a table that is gone goes with it.
    expect(lines.length).toBeLessThanOrEqual(3)
  })
})

describe('secrets', () => {
  test('that are kept elsewhere are not asked for, and those that are here are read', async () => {
    const without = { secrets: '', wantsSecrets: false }
    expect((await check(GOOD, without)).mistakes).toEqual([])
    const bad = await check(GOOD, { secrets: 'KEY_SECRETS={}', wantsSecrets: false })
    expect(bad.mistakes.map(({ field }) => field)).toEqual(['KEY_SECRETS'])
  })

  test('of the environment count', async () => {
    const env = { HF_TOKEN: 'hf_y', KEY_SECRETS: '{"1":"AAECAwQFBgcICQoLDA0ODw=="}' }
    expect((await check(GOOD, { secrets: '', env })).mistakes).toEqual([])
  })

  test('that sign keys are made by the first start, so without them there is a note', async () => {
    const { mistakes, notes } = await check(GOOD, { secrets: 'HF_TOKEN=x' })
    expect(mistakes).toEqual([])
    expect(notes.map(({ field }) => field)).toEqual(['KEY_SECRETS'])
  })

  test('are never told', async () => {
    const toml = GOOD.replace(
      '[vars.PLANS.pro]',
      '[vars]\nKEY_SECRETS = "canary"\nHF_TOKEN = "canary"\n[vars.PLANS.pro]',
    )
    const { mistakes } = await check(toml, { secrets: 'KEY_SECRETS=canary' })
    expect(mistakes.length).toBeGreaterThan(1)
    expect(JSON.stringify(mistakes)).not.toContain('canary')
  })
})

test('a file of settings alone is good for start --config', async () => {
  const toml = GOOD.slice(GOOD.indexOf('[[vars.'))
  expect((await check(toml, { settingsOnly: true })).mistakes).toEqual([])
  expect((await check(toml)).mistakes.map(({ field }) => field)).toContain('durable_objects.bindings')
})

test('environments are said not to be looked at', async () => {
  const { notes } = await check(`${GOOD}\n[env.staging]\nname = "staging"\n`)
  expect(notes.map(({ field }) => field)).toEqual(['env'])
})

test('bad keys that nobody counts are noted', async () => {
  const { mistakes, notes } = await check(GOOD.replace('"BAD_KEYS"', '"OTHERS"'))
  expect([mistakes, notes.map(({ field }) => field)]).toEqual([[], ['ratelimits']])
})

test('a file that is not there is said not to be', async () => {
  const { mistakes } = await checkSettings('/nowhere/wrangler.toml', {
    env: {},
    wantsSecrets: true,
    settingsOnly: false,
  })
  expect(mistakes.map(({ message }) => message)).toEqual(['no such file, or it cannot be read'])
})
