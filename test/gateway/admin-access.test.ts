/** Who gets to the admin API, and from where. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, operate } from '../support/operator.ts'

const BACKENDS = [{ id: 'preview', kind: 'preview', models: ['*'] }]
const ID = '00112233445566aa'

const ROUTES: readonly [method: string, path: string][] = [
  ['GET', '/keys'],
  ['POST', '/keys'],
  ['GET', `/keys/${ID}`],
  ['POST', `/keys/${ID}/rotate`],
  ['POST', `/keys/${ID}/revoke`],
  ['GET', `/keys/${ID}/usage`],
  ['GET', '/pools'],
  ['POST', '/backends/preview/drain'],
  ['GET', '/config'],
  ['GET', '/metrics'],
]

/** Whatever there is not, or is not for that method. */
const ELSEWHERE: readonly [method: string, path: string][] = [
  ['GET', ''],
  ['GET', '/'],
  ['GET', '/unheard-of'],
  ['DELETE', '/keys'],
  ['OPTIONS', '/keys'],
  ['HEAD', '/config'],
]

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ BACKENDS, ADMIN_TOKEN })
})
afterAll(() => gateway.stop())

describe('with an admin token', () => {
  const refusals = async (headers: HeadersInit): Promise<Set<string>> => {
    const seen = new Set<string>()
    for (const [method, path] of [...ROUTES, ...ELSEWHERE]) {
      const response = await fetch(`${gateway.url}/v1/admin${path}`, {
        method,
        headers: { ...headers, 'x-request-id': 'same' },
        ...(method === 'POST' && { body: '{}' }),
      })
      const heads = ['www-authenticate', 'cache-control', 'access-control-allow-origin', 'content-type']
      const head = heads.map((name) => response.headers.get(name))
      const text = method === 'HEAD' ? '' : await response.text()
      seen.add(JSON.stringify([response.status, ...head, ...(method === 'HEAD' ? [] : [text])]))
    }
    return seen
  }

  test('T13: every path answers whoever does not have it alike, so that nobody learns what there is', async () => {
    const wrong = [
      {},
      { authorization: `Bearer ${gateway.key}` },
      { 'x-api-key': ADMIN_TOKEN },
      { authorization: `Basic ${btoa(`x:${ADMIN_TOKEN}`)}` },
      { authorization: `Bearer ${ADMIN_TOKEN.slice(0, -1)}` },
      { authorization: `Bearer ${ADMIN_TOKEN.toUpperCase()}` },
      { authorization: 'Bearer' },
      { cookie: `token=${ADMIN_TOKEN}` },
    ]
    const seen = new Set<string>()
    for (const headers of wrong) for (const answer of await refusals(headers)) seen.add(answer)
    // With a body, and the HEAD without.
    expect(seen.size).toBe(2)
    for (const answer of seen) {
      expect(answer).toMatch(/^\[401,"Bearer","no-store",null,"application\/problem\+json"/)
    }
  })

  test('T13: a token in the URL is no token', async () => {
    const response = await fetch(
      `${gateway.url}/v1/admin/config?token=${ADMIN_TOKEN}&access_token=${ADMIN_TOKEN}`,
    )
    expect(response.status).toBe(401)
  })

  test('an operator gets in, and learns what there is not', async () => {
    expect((await operate(gateway, '/config')).status).toBe(200)
    expect((await operate(gateway, '/config', undefined, { method: 'HEAD' })).status).toBe(200)
    expect(await problemOf(await operate(gateway, '/unheard-of'))).toMatchObject({
      status: 404,
      code: 'not-found',
    })
    const wrongMethod = await operate(gateway, '/keys', undefined, { method: 'DELETE' })
    expect(wrongMethod.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS')
    expect(await problemOf(wrongMethod)).toMatchObject({ status: 405, code: 'method-not-allowed' })
  })

  test('T13: the admin token opens nothing else, wherever a key may be put', async () => {
    const path = `/sd-v1?${pictureQuery()}`
    for (const headers of [
      { authorization: `Bearer ${ADMIN_TOKEN}` },
      { authorization: `Basic ${btoa(`x:${ADMIN_TOKEN}`)}` },
      { 'x-api-key': ADMIN_TOKEN, authorization: '' },
    ]) {
      const response = await decode(gateway, path, uniqueLatent(), { headers })
      expect(await problemOf(response)).toMatchObject({ status: 401, code: 'unauthorized' })
    }
    const inPath = await fetch(`${gateway.url}/k/${ADMIN_TOKEN}${path}`, {
      method: 'POST',
      body: uniqueLatent(),
    })
    expect(inPath.status).toBe(401)
  })

  test('C36: T13: pages of other origins get nothing, in a preflight or otherwise', async () => {
    const page = { origin: 'https://evil.example.com' }
    const asked = {
      ...page,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    }
    const preflight = await fetch(`${gateway.url}/v1/admin/keys`, { method: 'OPTIONS', headers: asked })
    expect(preflight.status).toBe(401)
    for (const response of [
      preflight,
      await operate(gateway, '/config', undefined, { headers: page }),
      await fetch(`${gateway.url}/v1/%61dmin/config`, { headers: page }),
    ]) {
      const cors = [...response.headers.keys()].filter((name) => name.startsWith('access-control-'))
      expect(cors).toEqual([])
      expect(response.headers.get('cache-control')).toBe('no-store')
    }
    // Where pages may call, they still may.
    const models = await fetch(`${gateway.url}/v1/models`, { headers: page })
    expect(models.headers.get('access-control-allow-origin')).toBe('*')
  })

  test('every request leaves one line in the log, of whoever and whatever, without the token', async () => {
    gateway.log.length = 0
    await operate(gateway, '/pools')
    await operate(gateway, `/keys/${ID}`)
    await operate(gateway, '/nobody-shall-read-this')
    await fetch(`${gateway.url}/v1/admin/pools`, { headers: { authorization: 'Bearer a-guess-of-somebody' } })
    await expect.poll(() => gateway.log.length).toBe(4)
    const events = gateway.log.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(
      events.map(({ kind, status, method, route, subject }) => ({ kind, status, method, route, subject })),
    ).toEqual([
      { kind: 'admin', status: 200, method: 'GET', route: '/v1/admin/pools' },
      { kind: 'admin', status: 404, method: 'GET', route: '/v1/admin/keys/:id', subject: ID },
      { kind: 'admin', status: 404, method: 'GET', route: '/v1/admin/*' },
      { kind: 'admin', status: 401 },
    ])
    const log = gateway.log.join('\n')
    for (const text of [ADMIN_TOKEN, 'nobody-shall-read-this', 'a-guess']) expect(log).not.toContain(text)
  })
})

describe('without an admin token', () => {
  let bare: TestGateway

  beforeAll(async () => {
    bare = await startTestGateway({ BACKENDS })
  })
  afterAll(() => bare.stop())

  test('T13: there is no admin API: every path is one that nothing is served at', async () => {
    const nowhere = await problemOf(await fetch(`${bare.url}/v1/nowhere/at/all`))
    for (const [method, path] of [...ROUTES, ...ELSEWHERE]) {
      if (method === 'HEAD') continue
      for (const token of [ADMIN_TOKEN, '', 'undefined']) {
        const headers = { authorization: `Bearer ${token}` }
        const response = await fetch(`${bare.url}/v1/admin${path}`, { method, headers })
        const { requestId: _, ...problem } = await problemOf(response)
        expect(problem).toEqual({ ...nowhere, requestId: undefined })
      }
    }
  })

  test.each([
    ['GET', '/dashboard'],
    ['GET', '/dashboard/'],
    ['POST', '/dashboard'],
    ['GET', '/metrics'],
  ])('T13: %s %s is a path that nothing is served at', async (method, path) => {
    const nowhere = await problemOf(await fetch(`${bare.url}/v1/nowhere/at/all`))
    const { requestId: _, ...problem } = await problemOf(await fetch(bare.url + path, { method }))
    expect(problem).toEqual({ ...nowhere, requestId: undefined })
  })
})
