import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expectValue } from '../../test/support/results.ts'
import { readConfig } from '../config.ts'
import { greeting } from './greeting.ts'

const KEY_SECRETS = JSON.stringify({ 1: Buffer.alloc(32).toString('base64') })
const PREVIEW = { id: 'preview', kind: 'preview', models: ['sd-v1', 'flux'] }
const REAL = { id: 'gpu', url: 'https://decoder.example.com/', models: ['sdxl'] }

const greetWith = (settings: object): string =>
  greeting(
    'http://127.0.0.1:8787',
    'vg_key',
    expectValue(readConfig({ KEY_SECRETS, ...settings })),
    '/somewhere/.dev.vars',
  )

const greet = (...BACKENDS: object[]): string => greetWith({ BACKENDS })

describe('the greeting', () => {
  test('says the URL and the key, each at the end of a line, to be picked up with a double click', () => {
    expect(greet(REAL)).toMatch(/ http:\/\/127\.0\.0\.1:8787$/m)
    expect(greet(REAL)).toMatch(/ vg_key$/m)
  })

  test('has a link to the playground that brings the key behind a #, where no server sees it', () => {
    expect(greet(REAL)).toMatch(/^ {2}http:\/\/127\.0\.0\.1:8787\/#key=vg_key$/m)
  })

  test('says how many models are approximate', () => {
    expect(greet(PREVIEW, REAL)).toContain(
      'serves 3 models, 2 of them as approximate previews without a GPU\n',
    )
    expect(greet(REAL)).toContain('serves 1 models\n')
  })

  test('gives a line to paste that decodes a sample which is there', () => {
    const text = greet(PREVIEW)
    expect(text).toContain("'http://127.0.0.1:8787/sd-v1?shape=1&shape=4&shape=64&shape=64&dtype=float16&")
    expect(text).toContain("-H 'Authorization: Bearer vg_key'")
    const [, sample = ''] = /--data-binary @(\S+)/.exec(text) ?? []
    expect(existsSync(join(import.meta.dirname, '../..', sample))).toBe(true)
  })

  test('says where the admin API and its token are, but not the token', () => {
    const text = greetWith({ BACKENDS: [REAL], ADMIN_TOKEN: 'a-token-of-an-operator' })
    expect(text).toContain(
      '  admin http://127.0.0.1:8787/v1/admin/, with the ADMIN_TOKEN of /somewhere/.dev.vars\n',
    )
    expect(text).not.toContain('a-token-of-an-operator')
    expect(greet(REAL)).not.toContain('admin')
  })

  test('gives no such line where the sample’s model is not served', () => {
    expect(greet(REAL)).not.toContain('curl')
  })
})
