/** Every way a configuration can be wrong, with the path and the words it is refused with. */
import { describe, expect, test } from 'vitest'
import { expectError } from '../test/support/results.ts'
import { planFingerprint } from './auth/api-key.ts'
import { describeProblems, formatPath } from './config/problem.ts'
import { readConfig } from './config.ts'

const KEY_SECRETS = JSON.stringify({ 1: Buffer.alloc(32, 1).toString('base64') })
const BACKEND = { id: 'gpu-1', url: 'https://decoder.example.com/', models: ['sdxl'] }
const ENV = { KEY_SECRETS, BACKENDS: [BACKEND] }

/** `path: message` of everything that is wrong. */
const refuse = (changes: Record<string, unknown>): string[] =>
  expectError(readConfig({ ...ENV, ...changes })).map(
    ({ path, message }) => `${formatPath(path)}: ${message}`,
  )
const refuseBackend = (changes: Record<string, unknown>): string[] =>
  refuse({ BACKENDS: [{ ...BACKEND, ...changes }] })

describe('refuses, and says where and what', () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      'no backends',
      { BACKENDS: undefined },
      'vars.BACKENDS: Invalid input: expected array, received undefined',
    ],
    ['an empty list of backends', { BACKENDS: [] }, 'vars.BACKENDS: at least one backend'],
    [
      'backends as JSON text',
      { BACKENDS: '[]' },
      'vars.BACKENDS: Invalid input: expected array, received string',
    ],
    [
      'a shard where there are none',
      { BACKENDS: [{ ...BACKEND, shard: 'eu' }] },
      'vars.BACKENDS[0].shard: there are no vars.SHARDS',
    ],
    [
      'a backend without a shard where there are some',
      { SHARDS: { eu: {}, us: {} } },
      'vars.BACKENDS[0].shard: expected one of eu, us',
    ],
    [
      'a shard that there is not',
      { SHARDS: { eu: {} }, BACKENDS: [{ ...BACKEND, shard: 'us' }] },
      'vars.BACKENDS[0].shard: expected one of eu',
    ],
    [
      'a continent that there is not',
      { SHARDS: { eu: { continents: ['XX'] } }, BACKENDS: [{ ...BACKEND, shard: 'eu' }] },
      'vars.SHARDS.eu.continents[0]: Invalid option: expected one of "AF"|"AN"|"AS"|"EU"|"NA"|"OC"|"SA"',
    ],
    ['a misspelt table', { BACKEND: [BACKEND] }, 'vars.BACKEND: there is no such setting'],
    ['a table of other case', { plans: {} }, 'vars.plans: there is no such setting'],
    [
      'an unknown setting of dispatch',
      { DISPATCH: { retries: 3 } },
      'vars.DISPATCH.retries: there is no such setting',
    ],
    [
      'a deadline that is too long',
      { DISPATCH: { deadlineMs: 900_001 } },
      'vars.DISPATCH.deadlineMs: Too big: expected number to be <=900000',
    ],
    [
      'a deadline of half a millisecond',
      { DISPATCH: { deadlineMs: 5_000.5 } },
      'vars.DISPATCH.deadlineMs: Invalid input: expected int, received number',
    ],
    [
      'more bytes than an isolate has',
      { DISPATCH: { bodyBudgetBytes: 200_000_000 } },
      'vars.DISPATCH.bodyBudgetBytes: Too big: expected number to be <=100000000',
    ],
    [
      'an unknown limit of a plan',
      { PLANS: { pro: { requestsPerHour: 1 } } },
      'vars.PLANS.pro.requestsPerHour: there is no such setting',
    ],
    [
      'a limit of 0',
      { PLANS: { pro: { concurrency: 0 } } },
      'vars.PLANS.pro.concurrency: Too small: expected number to be >0',
    ],
    [
      'half a request a minute',
      { PLANS: { pro: { requestsPerMinute: 0.5 } } },
      'vars.PLANS.pro.requestsPerMinute: Invalid input: expected int, received number',
    ],
    [
      'an anonymous plan that there is not',
      { ANONYMOUS: { plan: 'pro' } },
      'vars.ANONYMOUS.plan: there is no such plan',
    ],
    ['a plan in capitals', { PLANS: { Pro: {} } }, 'vars.PLANS.Pro: Invalid key in record'],
    [
      'a plan with a model that there is not',
      { PLANS: { pro: { models: ['sdxl', 'sd9'] } } },
      'vars.PLANS.pro.models[1]: "sd9": unknown model; /v1/models lists the known ones',
    ],
  ])('%s', (_, changes, complaint) => {
    expect(refuse(changes)).toEqual([complaint])
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['an unknown field', { slot: 2 }, 'vars.BACKENDS[0].slot: there is no such setting'],
    [
      'an id in capitals',
      { id: 'GPU' },
      'vars.BACKENDS[0].id: lower-case letters, digits and dashes, at most 63',
    ],
    [
      'an id that is too long',
      { id: 'a'.repeat(64) },
      'vars.BACKENDS[0].id: lower-case letters, digits and dashes, at most 63',
    ],
    [
      'an id with a line break',
      { id: 'a\n' },
      'vars.BACKENDS[0].id: lower-case letters, digits and dashes, at most 63',
    ],
    [
      'an unknown model',
      { models: ['sdxl', 'sd9'] },
      'vars.BACKENDS[0].models[1]: "sd9": unknown model; /v1/models lists the known ones',
    ],
    [
      'a model without known geometry',
      { models: ['kolors'] },
      'vars.BACKENDS[0].models[0]: "kolors": its geometry is not known',
    ],
    ['no models', { models: [] }, 'vars.BACKENDS[0].models: Too small: expected array to have >=1 items'],
    [
      'an unknown kind',
      { kind: 'replicate' },
      'vars.BACKENDS[0].kind: Invalid option: expected one of "huggingface"|"vae-backend"|"preview"',
    ],
    ['no slots', { slots: 0 }, 'vars.BACKENDS[0].slots: Too small: expected number to be >=1'],
    [
      'more slots than any GPU has',
      { slots: 257 },
      'vars.BACKENDS[0].slots: Too big: expected number to be <=256',
    ],
    [
      'slots as text',
      { slots: '2' },
      'vars.BACKENDS[0].slots: Invalid input: expected number, received string',
    ],
    ['no url', { url: undefined }, 'vars.BACKENDS[0].url: a vae-backend backend needs a url'],
    [
      'no url of an endpoint',
      { url: undefined, kind: 'huggingface' },
      'vars.BACKENDS[0].url: a huggingface backend needs a url',
    ],
    [
      'plain http',
      { url: 'http://decoder.example.com/' },
      'vars.BACKENDS[0].url: expected https; plain http is for loopback addresses only',
    ],
    [
      'a private address',
      { url: 'https://10.0.0.1/' },
      'vars.BACKENDS[0].url: expected a public host, not a private or link-local address',
    ],
    [
      'a token that is not set',
      { tokenSecret: 'HF_TOKEN' },
      'vars.BACKENDS[0].tokenSecret: the secret HF_TOKEN is not set',
    ],
    [
      'a token instead of its name',
      { tokenSecret: 'hf-token!' },
      'vars.BACKENDS[0].tokenSecret: the name of a secret',
    ],
  ])('a backend with %s', (_, changes, complaint) => {
    expect(refuseBackend(changes)).toEqual([complaint])
  })

  test('an empty secret, and one that is no text', () => {
    for (const HF_TOKEN of ['', 7, {}]) {
      const complaints = refuse({ HF_TOKEN, BACKENDS: [{ ...BACKEND, tokenSecret: 'HF_TOKEN' }] })
      expect(complaints.length).toBeGreaterThan(0)
    }
  })

  test('two backends of one id or one URL, at the second', () => {
    const other = { ...BACKEND, id: 'gpu-2', url: 'https://other.example.com/' }
    expect(refuse({ BACKENDS: [BACKEND, { ...other, id: 'gpu-1' }] })).toEqual([
      'vars.BACKENDS[1].id: the same as that of vars.BACKENDS[0]',
    ])
    expect(
      refuse({ BACKENDS: [other, BACKEND, { ...other, id: 'gpu-3', url: 'HTTPS://decoder.example.com' }] }),
    ).toEqual(['vars.BACKENDS[2].url: the same as that of vars.BACKENDS[1]'])
  })

  test('plans whose names keys cannot tell apart', () => {
    expect(planFingerprint('team-pro')).toBe(planFingerprint('plus-school'))
    expect(refuse({ PLANS: { 'team-pro': {}, 'plus-school': {} } })).toEqual([
      'vars.PLANS.plus-school: keys cannot tell this name from "team-pro"; rename one',
    ])
  })

  test.each([undefined, '', '{}', '{"1":"short"}', 7])('P15: KEY_SECRETS of %j', (value) => {
    const [complaint, ...others] = refuse({ KEY_SECRETS: value })
    expect(complaint).toMatch(/^KEY_SECRETS: this secret must be /)
    expect(others).toEqual([])
  })

  test.each(['short', 'with spaces in between', `vg_${'a'.repeat(47)}`])('ADMIN_TOKEN of %j', (value) => {
    const [complaint, ...others] = refuse({ ADMIN_TOKEN: value })
    expect(complaint).toMatch(/^ADMIN_TOKEN: this secret must be /)
    expect(complaint).not.toContain(value)
    expect(others).toEqual([])
  })

  test('everything at once, so that it is mended in one go', () => {
    const complaints = refuse({
      KEY_SECRETS: '',
      BACKENDS: [{ ...BACKEND, id: 'A', slots: 0 }],
      PLANS: { pro: { concurrency: -1 } },
    })
    expect(complaints.map((line) => line.split(':')[0])).toEqual([
      'vars.BACKENDS[0].id',
      'vars.BACKENDS[0].slots',
      'vars.PLANS.pro.concurrency',
      'KEY_SECRETS',
    ])
  })

  test('without a word of any secret', () => {
    const token = 'hf_canary'
    const problems = expectError(
      readConfig({
        KEY_SECRETS: '{"1":"canary"}',
        HF_TOKEN: token,
        BACKENDS: [{ ...BACKEND, tokenSecret: 'HF_TOKEN' }],
      }),
    )
    expect(describeProblems(problems)).not.toContain('canary')
  })
})

test('problems are told a line each, with their path as one would write it', () => {
  expect(
    describeProblems([
      { path: ['vars', 'BACKENDS', 1, 'url'], message: 'expected an https URL' },
      { path: ['KEY_SECRETS'], message: 'missing' },
    ]),
  ).toBe(
    'The configuration is refused:\n  vars.BACKENDS[1].url: expected an https URL\n  KEY_SECRETS: missing',
  )
})
