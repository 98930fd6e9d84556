import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderWith } from '../../test/support/folder.ts'
import { expectValue } from '../../test/support/results.ts'
import { readAdminToken } from '../auth/admin-token.ts'
import { parsePeppers } from '../auth/key-ring.ts'
import { createMissingSecrets, readSecretsFile, secretsFileFor } from './secrets.ts'

describe('the secrets file', () => {
  test('is the one beside the configuration, or else the project’s own', () => {
    const project = folderWith({ '.dev.vars': '' })
    const own = folderWith({ '.dev.vars': '' })
    const bare = folderWith()
    expect(secretsFileFor(join(own, 'wrangler.toml'), project)).toBe(join(own, '.dev.vars'))
    expect(secretsFileFor(join(bare, 'wrangler.toml'), project)).toBe(join(project, '.dev.vars'))
  })

  test('is read as wrangler reads it', () => {
    const file = join(
      folderWith({ '.dev.vars': '# note\nA=1\nB="two words"\nC=\'{"1":"x"}\'\n' }),
      '.dev.vars',
    )
    expect(readSecretsFile(file)).toEqual({ A: '1', B: 'two words', C: '{"1":"x"}' })
  })

  test('may be missing', () => {
    expect(readSecretsFile(join(folderWith(), '.dev.vars'))).toEqual({})
  })
})

describe('createMissingSecrets', () => {
  test('makes a pepper of 32 bytes that a second start finds again', () => {
    const file = join(folderWith(), '.dev.vars')
    const made = createMissingSecrets(file, {})
    expect(expectValue(parsePeppers(made.KEY_SECRETS ?? ''))).toMatchObject([[1, { length: 32 }]])
    expect(readSecretsFile(file)).toEqual(made)
    expect(readFileSync(file, 'utf8')).toMatch(/^KEY_SECRETS=.*\nADMIN_TOKEN=.*\n$/)
  })

  test('makes an admin token that nobody guesses and the gateway takes', () => {
    const { ADMIN_TOKEN = '' } = createMissingSecrets(join(folderWith(), '.dev.vars'), {})
    expect(Buffer.from(ADMIN_TOKEN, 'base64url')).toHaveLength(32)
    expect(expectValue(readAdminToken(ADMIN_TOKEN))).toBe(ADMIN_TOKEN)
  })

  test('makes others each time', () => {
    const [one, two] = ['a', 'b'].map((name) => createMissingSecrets(join(folderWith(), name), {}))
    expect(one?.KEY_SECRETS).not.toBe(two?.KEY_SECRETS)
    expect(one?.ADMIN_TOKEN).not.toBe(two?.ADMIN_TOKEN)
  })

  test('lets nobody but the owner read the file', () => {
    const file = join(folderWith(), '.dev.vars')
    createMissingSecrets(file, {})
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('leaves a gateway alone that has its secrets', () => {
    const file = join(folderWith(), '.dev.vars')
    const given = { KEY_SECRETS: 'given', ADMIN_TOKEN: 'given as well' }
    expect(createMissingSecrets(file, given)).toEqual(given)
    expect(readSecretsFile(file)).toEqual({})
  })

  test.each(['ADMIN_TOKEN=abc\n', 'ADMIN_TOKEN=abc'])('keeps what stands in the file already: %j', (text) => {
    const file = join(folderWith(), '.dev.vars')
    writeFileSync(file, text)
    const made = createMissingSecrets(file, readSecretsFile(file))
    expect(readSecretsFile(file)).toEqual({ ADMIN_TOKEN: 'abc', KEY_SECRETS: made.KEY_SECRETS })
    expect(readFileSync(file, 'utf8').startsWith('ADMIN_TOKEN=abc\n')).toBe(true)
  })
})
