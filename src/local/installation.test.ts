import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderWith } from '../../test/support/folder.ts'
import { readInstallation } from './installation.ts'

const pepper = (fill: number): string => JSON.stringify({ 1: Buffer.alloc(16, fill).toString('base64') })

const GOOD = `[[vars.BACKENDS]]
id = "gpu-1"
url = "https://decoder.example.com/"
models = ["sdxl"]
tokenSecret = "HF_TOKEN"
`
const SECRETS = `KEY_SECRETS='${pepper(1)}'\nHF_TOKEN=stored\n`

function read(
  toml: string,
  {
    secrets = SECRETS,
    env = {},
    createSecrets = false,
  }: { secrets?: string; env?: NodeJS.Dict<string>; createSecrets?: boolean } = {},
) {
  const folder = folderWith({ 'wrangler.toml': toml, '.dev.vars': secrets })
  return readInstallation({ configFile: join(folder, 'wrangler.toml'), env, createSecrets })
}

describe('secrets', () => {
  test('come from the file beside the configuration', () => {
    const { config, bindings } = read(GOOD)
    expect(config.backends[0]?.token).toBe('stored')
    expect(bindings).toMatchObject({ HF_TOKEN: 'stored', KEY_SECRETS: pepper(1) })
  })

  test('of the environment win', () => {
    const env = { HF_TOKEN: 'from-env', KEY_SECRETS: pepper(2), EMPTY: '' }
    const { config } = read(GOOD, { env })
    expect(config.backends[0]?.token).toBe('from-env')
    expect(config.peppers[0]?.[1]).toEqual(new Uint8Array(16).fill(2))
  })

  test('may come from the environment alone', () => {
    const env = { HF_TOKEN: 'from-env', KEY_SECRETS: pepper(2) }
    expect(read(GOOD, { secrets: '', env }).config.backends[0]?.token).toBe('from-env')
  })

  test('that are empty in the environment count as not set', () => {
    expect(read(GOOD, { env: { HF_TOKEN: '' } }).config.backends[0]?.token).toBe('stored')
  })

  test('are all that is taken from the environment', () => {
    expect(read(GOOD, { env: { PATH: '/bin', HOME: '/root', BACKENDS: '[]' } }).bindings).not.toHaveProperty(
      'PATH',
    )
  })

  test('are made when they are missing, if that is wanted', () => {
    const without = { secrets: 'HF_TOKEN=stored\n' }
    expect(() => read(GOOD, without)).toThrow('KEY_SECRETS: this secret must be')
    expect(read(GOOD, { ...without, createSecrets: true }).config.peppers).toHaveLength(1)
  })
})

describe('a refusal names file and line', () => {
  test.each([
    ['an unknown field', `${GOOD}slot = 2\n`, 6, 'vars.BACKENDS[0].slot: there is no such setting'],
    ['plain http', GOOD.replace('https:', 'http:'), 3, 'vars.BACKENDS[0].url: expected https'],
    ['a private address', GOOD.replace('decoder.example.com', '10.1.2.3'), 3, 'a public host'],
    ['an unknown model', GOOD.replace('sdxl', 'sd9'), 4, 'vars.BACKENDS[0].models[0]: "sd9": unknown model'],
    ['a duplicate id', GOOD + GOOD.replace('decoder', 'other'), 7, 'vars.BACKENDS[1].id: the same as'],
    ['a duplicate url', GOOD + GOOD.replace('gpu-1', 'gpu-2'), 8, 'vars.BACKENDS[1].url: the same as'],
    ['a missing secret', GOOD.replace('HF_TOKEN', 'OTHER'), 5, 'the secret OTHER is not set'],
    ['a misspelt table', `${GOOD}[[vars.BACKEND]]\nid = "x"\n`, 6, 'vars.BACKEND: there is no such setting'],
    [
      'a misspelt plan',
      `${GOOD}\n[vars.PLANS.pro]\nconcurency = 1\n`,
      8,
      'vars.PLANS.pro.concurency: there is no',
    ],
    ['a missing field', GOOD.replace(/^models.*\n/m, ''), 1, 'vars.BACKENDS[0].models: Invalid input'],
  ])('for %s', (_, toml, line, message) => {
    const lines = messageOf(() => read(toml)).split('\n')
    expect(lines[0]).toBe('The configuration is refused:')
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatch(new RegExp(`^ {2}/.*wrangler\\.toml:${line}: `))
    expect(lines[1]).toContain(message)
  })

  test('and the file alone for what is not in it', () => {
    expect(messageOf(() => read('name = "x"\n'))).toMatch(/wrangler\.toml: vars\.BACKENDS: /)
    expect(messageOf(() => read(GOOD, { secrets: 'HF_TOKEN=x\n' }))).toMatch(/wrangler\.toml: KEY_SECRETS: /)
  })
})

function messageOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('Expected a refusal')
}
