/** What operators do with keys, and what comes of it for those who hold them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Key, KeyDetail, KeyPage, MintedKey, Usage } from '../../src/admin/contract.ts'
import { keyDetailSchema, keyPageSchema, mintedKeySchema, usageSchema } from '../../src/admin/contract.ts'
import { parseKey } from '../../src/auth/api-key.ts'
import { serve } from '../support/behaviours.ts'
import { chunked, converse, decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { mintKey, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, operate, ordered } from '../support/operator.ts'

let backend: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  backend = await startFakeBackend(serve)
  gateway = await startTestGateway({
    BACKENDS: [{ id: 'gpu', url: backend.url, models: ['sd-v1', 'sdxl'] }],
    PLANS: { pro: { requestsPerMinute: 600, models: ['*'] }, narrow: { models: ['sdxl'] } },
    ADMIN_TOKEN,
  })
})
beforeEach(() => {
  backend.behaviour = serve
  backend.requests.length = 0
})
afterAll(async () => {
  await gateway.stop()
  await backend.stop()
})

const create = (wanted: object = {}): Promise<MintedKey> =>
  ordered(operate(gateway, '/keys', { name: 'somebody', ...wanted }))
const show = (id: string): Promise<KeyDetail> => ordered(operate(gateway, `/keys/${id}`))
const rotate = (id: string, body: object = {}): Promise<MintedKey> =>
  ordered(operate(gateway, `/keys/${id}/rotate`, body))
const revoke = (id: string): Promise<Key> =>
  ordered(operate(gateway, `/keys/${id}/revoke`, undefined, { method: 'POST' }))

/** The status of a decode with this key. */
async function statusWith(key: string, model = 'sd-v1'): Promise<number> {
  const headers = { authorization: `Bearer ${key}` }
  const response = await decode(gateway, `/${model}?${pictureQuery()}`, uniqueLatent(), { headers })
  await response.arrayBuffer()
  return response.status
}

describe('a key that an operator creates', () => {
  test('is in that answer and in no other, and decodes', async () => {
    const response = await operate(gateway, '/keys', { name: 'Zoë of the ComfyUI club' })
    expect(response.status).toBe(201)
    const made = mintedKeySchema.parse(await response.json())
    expect(parseKey(made.key)?.payload).toMatchObject({ keyId: made.id, expiryDay: 0 })
    expect(await statusWith(made.key)).toBe(200)
    const others = [await show(made.id), await ordered(operate(gateway, '/keys'))]
    expect(JSON.stringify(others)).toContain(made.id)
    expect(JSON.stringify(others)).not.toContain(made.key)
    expect(gateway.log.join('\n')).not.toContain(made.key)
  })

  test('has what was asked for', async () => {
    const expires = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)
    const wanted = {
      plan: 'pro',
      models: ['sdxl'],
      expires,
      overrides: { requestsPerMinute: 3, concurrency: null },
    }
    const { key, ...made } = await create(wanted)
    expect(made).toMatchObject({
      ...wanted,
      name: 'somebody',
      state: 'active',
      revokedAt: null,
      rotatedTo: null,
    })
    const shown = keyDetailSchema.parse(await show(made.id))
    expect(shown).toMatchObject(made)
    expect(shown.quotas).toContainEqual(expect.objectContaining({ policy: 'requests', limit: 3 }))
    expect(shown.inFlight).toBe(0)
    expect(new Date((parseKey(key)?.payload.expiryDay ?? 0) * 86_400_000).toISOString().slice(0, 10)).toBe(
      expires,
    )
    expect([await statusWith(key, 'sdxl'), await statusWith(key, 'sd-v1')]).toEqual([200, 403])
  })

  test.each<[string, object, string]>([
    ['no name', { name: undefined }, 'Expected name: string, received undefined.'],
    [
      'a name of control characters',
      { name: 'a\u001b[31m' },
      'Expected name: a text without control characters.',
    ],
    ['a plan that there is not', { plan: 'gold' }, 'Expected plan: one of default, pro, narrow.'],
    [
      'a field that there is not',
      { role: 'admin' },
      'Expected the body to have no fields but name, plan, models, expires, overrides.',
    ],
    [
      'an override that there is not',
      { overrides: { megapixels: 1 } },
      'Expected overrides to have no fields but requestsPerMinute, megapixelsPerMinute, concurrency, megapixelsPerMonth.',
    ],
    [
      'a bound of nothing',
      { overrides: { concurrency: 0 } },
      'Expected overrides.concurrency: number to be >0.',
    ],
    [
      'a bound that could not be counted',
      { overrides: { megapixelsPerMonth: 1.6e308 } },
      'Expected overrides.megapixelsPerMonth: number to be <=9000000000.',
    ],
    [
      'a day that is over',
      { expires: '2020-01-01' },
      'Expected expires: today or a day to come, until 2149-06-06.',
    ],
    ['a day that is none', { expires: '2027-02-30' }, 'Expected expires: Invalid ISO date.'],
    [
      'an unknown model',
      { models: ['dall-e'] },
      'Expected models: models of the registry; GET /v1/models lists them.',
    ],
  ])('is refused with %s, which is said', async (_, wanted, detail) => {
    const response = await operate(gateway, '/keys', { name: 'n', ...wanted })
    expect(await problemOf(response)).toMatchObject({ status: 422, code: 'invalid-body', detail })
  })
})

describe('the body of an order', () => {
  const json = { 'content-type': 'application/json' }
  const send = (body: BodyInit | undefined, headers: Record<string, string>, path = '/keys') =>
    operate(gateway, path, undefined, { method: 'POST', headers, ...(body !== undefined && { body }) })

  test.each<[string, BodyInit | undefined, Record<string, string>, number, string]>([
    ['is no JSON', '{"name":', json, 422, 'invalid-body'],
    ['is no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), json, 422, 'invalid-body'],
    ['is no object', '[]', json, 422, 'invalid-body'],
    ['is missing', undefined, {}, 422, 'invalid-body'],
    [
      'is a form',
      'name=n',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported-media-type',
    ],
    ['is compressed', '{}', { ...json, 'content-encoding': 'gzip' }, 415, 'unsupported-media-type'],
    ['is far too long', JSON.stringify({ name: 'n'.repeat(20_000) }), json, 413, 'payload-too-large'],
  ])('that %s is refused', async (_, body, headers, status, code) => {
    expect(await problemOf(await send(body, headers))).toMatchObject({ status, code })
  })

  test('T5: of more than 16 KB is refused though its length was not declared', async () => {
    const head = [
      'POST /v1/admin/keys HTTP/1.1',
      'host: gateway',
      `authorization: Bearer ${ADMIN_TOKEN}`,
      'content-type: application/json',
      'transfer-encoding: chunked',
      'connection: close',
    ]
    const body = chunked(new Uint8Array(17_000).fill(0x20))
    const { statuses } = await converse(
      gateway,
      Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]),
    )
    expect(statuses).toEqual([413])
  })

  test('may be left out where the path says everything, and has no fields there', async () => {
    const { id } = await create()
    const refused = await operate(gateway, `/keys/${id}/revoke`, { reason: 'x' })
    expect(await problemOf(refused)).toMatchObject({
      status: 422,
      detail: 'Expected the body to have no fields but isUnseen.',
    })
    expect((await show(id)).state).toBe('active')
    expect((await revoke(id)).state).toBe('revoked')
  })
})

describe('the list of keys', () => {
  test('has every key once, the latest first, over as many pages as it takes', async () => {
    const made: string[] = []
    for (const name of ['one', 'two', 'three', 'four', 'five']) made.unshift((await create({ name })).id)
    const ids: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? 'limit=2' : `limit=2&cursor=${cursor}`
      const page: KeyPage = keyPageSchema.parse(await ordered(operate(gateway, `/keys?${query}`)))
      expect(page.keys.length).toBeLessThanOrEqual(2)
      ids.push(...page.keys.map(({ id }) => id))
      cursor = page.cursor
    }
    expect(ids.slice(0, 5)).toEqual(made)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test.each(['limit=0', 'limit=101', 'limit=x', 'cursor=', 'cursor=../keys'])(
    'is refused with ?%s',
    async (query) => {
      const response = await operate(gateway, `/keys?${query}`)
      expect(await problemOf(response)).toMatchObject({ status: 422, code: 'invalid-parameter' })
    },
  )
})

describe('a key that is revoked', () => {
  test('P16: T3: is refused from its next request on, with the 401 of a key that never was', async () => {
    const { id, key } = await create()
    expect(await statusWith(key)).toBe(200)
    expect(await revoke(id)).toMatchObject({ id, state: 'revoked' })
    const headers = { authorization: `Bearer ${key}` }
    const path = `/sd-v1?${pictureQuery()}`
    const refused = await decode(gateway, path, uniqueLatent(), { headers })
    const forged = await decode(gateway, path, uniqueLatent(), {
      headers: { authorization: 'Bearer vg_none' },
    })
    expect([refused.status, forged.status]).toEqual([401, 401])
    const [one, other] = [await problemOf(refused), await problemOf(forged)]
    expect({ ...one, requestId: '' }).toEqual({ ...other, requestId: '' })
    expect(one).toMatchObject({ status: 401, code: 'unauthorized' })
    expect(refused.headers.get('www-authenticate')).toBe(forged.headers.get('www-authenticate'))
  })

  test('stays so from the first time it is said, in the list as well', async () => {
    const { id } = await create()
    const first = await revoke(id)
    expect(await revoke(id)).toEqual(first)
    const { keys } = await ordered<KeyPage>(operate(gateway, '/keys?limit=1'))
    expect(keys).toEqual([first])
    expect(await problemOf(await operate(gateway, `/keys/${id}/rotate`, {}))).toMatchObject({
      status: 409,
      code: 'key-not-active',
    })
  })

  test('may be one that was minted elsewhere, of which nothing but the id is known', async () => {
    const key = await mintKey()
    const id = parseKey(key)?.payload.keyId ?? ''
    expect(await statusWith(key)).toBe(200)
    expect(await show(id)).toMatchObject({ id, name: '', plan: null, createdAt: null, state: 'active' })
    expect(await problemOf(await operate(gateway, `/keys/${id}/rotate`, {}))).toMatchObject({
      status: 404,
      code: 'unknown-key',
    })
    await revoke(id)
    expect(await statusWith(key)).toBe(401)
    expect(await show(id)).toMatchObject({ id, plan: null, createdAt: null, state: 'revoked' })
  })
})

describe('a key that is rotated', () => {
  test('works until its grace ends, beside the one that replaces it', async () => {
    const old = await create({ plan: 'pro', models: ['sd-v1'], overrides: { concurrency: 2 } })
    const next = await rotate(old.id, { graceHours: 1 })
    expect(next.id).not.toBe(old.id)
    const { plan, models, overrides, name, expires } = old
    expect(next).toMatchObject({ plan, models, overrides, name, expires, state: 'active' })
    expect([await statusWith(old.key), await statusWith(next.key)]).toEqual([200, 200])
    const ending = await show(old.id)
    expect(ending).toMatchObject({ state: 'grace', rotatedTo: next.id })
    const left = Date.parse(ending.revokedAt ?? '') - Date.now()
    expect(left).toBeGreaterThan(3_500_000)
    expect(left).toBeLessThanOrEqual(3_600_000)
    // Whoever cannot wait for the end of the grace ends it.
    await revoke(old.id)
    expect([await statusWith(old.key), await statusWith(next.key)]).toEqual([401, 200])
  })

  test('is refused at once with a grace of nothing', async () => {
    const old = await create()
    const next = await rotate(old.id, { graceHours: 0 })
    expect([await statusWith(old.key), await statusWith(next.key)]).toEqual([401, 200])
    expect(await show(old.id)).toMatchObject({ state: 'revoked', rotatedTo: next.id })
  })

  test('has a grace of a day where nothing is said, and of thirty at most', async () => {
    const { id } = await create()
    const tooLong = await operate(gateway, `/keys/${id}/rotate`, { graceHours: 721 })
    expect(await problemOf(tooLong)).toMatchObject({
      status: 422,
      detail: 'Expected graceHours: number to be <=720.',
    })
    await ordered(operate(gateway, `/keys/${id}/rotate`, undefined, { method: 'POST' }))
    const hours = (Date.parse((await show(id)).revokedAt ?? '') - Date.now()) / 3_600_000
    expect(Math.round(hours)).toBe(24)
  })
})

describe('the usage of a key', () => {
  test('is requests and megapixels by day and model', async () => {
    const { id, key } = await create()
    for (const model of ['sd-v1', 'sdxl', 'sd-v1']) expect(await statusWith(key, model)).toBe(200)
    const used = usageSchema.parse(await ordered<Usage>(operate(gateway, `/keys/${id}/usage?days=1`)))
    const day = new Date().toISOString().slice(0, 10)
    const megapixels = (64 * 64) / 1e6
    expect(used.id).toBe(id)
    expect(used.days.toSorted((a, b) => (a.model < b.model ? -1 : 1))).toEqual([
      { day, model: 'sd-v1', requests: 2, megapixels: 2 * megapixels },
      { day, model: 'sdxl', requests: 1, megapixels },
    ])
  })

  test.each(['days=0', 'days=91', 'days=x'])('is refused for ?%s', async (query) => {
    const response = await operate(gateway, `/keys/00112233445566aa/usage?${query}`)
    expect(await problemOf(response)).toMatchObject({ status: 422, code: 'invalid-parameter' })
  })
})

test.each(['short', '00112233445566AA', '00112233445566aa0', 'vg_key'])(
  'an id like %j is that of no key',
  async (id) => {
    expect(await problemOf(await operate(gateway, `/keys/${id}`))).toMatchObject({
      status: 404,
      code: 'unknown-key',
    })
  },
)
