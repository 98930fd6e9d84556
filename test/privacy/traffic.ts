/** One request for everything that can happen to a request. */
import { randomBytes } from 'node:crypto'
import { encode as encodePng } from 'fast-png'
import type { Aviary } from './canary.ts'
import {
  type Ask,
  pictureQuery,
  randomLatent,
  shapeOf,
  TalkativeClient,
  TENSOR,
  type Told,
} from './client.ts'
import { jsonOf } from './exchange.ts'
import type { Secrets } from './gateway-process.ts'
import { badKeys, bearer, placesOf } from './keys.ts'
import { mistakes, type Words } from './mistakes.ts'
import type { Scenario } from './scenarios.ts'
import type { Upstream } from './upstream.ts'
import { documentedRoutes, visitAll } from './visits.ts'

export interface Run {
  readonly url: string
  readonly aviary: Aviary
  readonly upstream: Upstream
  readonly secrets: Secrets
  readonly scenarios: readonly Scenario[]
  /** Without what takes long. */
  readonly isShort: boolean
}

export interface Report {
  readonly told: readonly Told[]
  readonly routes: readonly string[]
  /** What did not happen as it should have. */
  readonly complaints: readonly string[]
}

export async function traffic({ url, aviary, upstream, secrets, scenarios, isShort }: Run): Promise<Report> {
  const client = new TalkativeClient(url, aviary, upstream)
  const complaints: string[] = []
  const words: Words = {
    word: (kind, name) => aviary.text(kind, name),
    latent: (name, side) => randomLatent(aviary, name, side),
  }
  const operator = bearer(secrets.ADMIN_TOKEN)
  const expectEnd = (what: string, told: Told, ends: string | undefined): void => {
    const found = `${told.status}${told.code ? ` ${told.code}` : ''}`
    if (ends !== undefined && found !== ends) complaints.push(`${what}: ${found} and not ${ends}`)
  }
  const mint = async (record: object = {}): Promise<{ id: string; key: string }> => {
    const body = Buffer.from(JSON.stringify({ name: 'a key of the run', ...record }))
    const headers = [['content-type', 'application/json']] as const
    const told = await client.ask({
      route: 'POST /v1/admin/keys',
      headers,
      body,
      as: operator,
      handsOut: 'key',
    })
    const made = jsonOf<{ id: string; key: string }>(told)
    if (!made?.key) throw new Error(`No key was made: ${told.status} ${told.body}`)
    return made
  }
  const decode = (model: string, key: string, changes: Partial<Ask> = {}, side = 8): Promise<Told> => {
    const latent = words.latent(model, side)
    const facts = { params: { model }, query: pictureQuery(side), headers: TENSOR, body: latent, latent }
    return client.ask({ route: 'POST /{model}', ...facts, as: bearer(key), ...changes })
  }

  const [user, other] = [await mint(), await mint()]

  const happen = async ({ name, ends, side, headers, leaves, warmUps, isSlow, manners }: Scenario) => {
    if (isShort && isSlow) return
    upstream.teach(name, manners)
    const before = await Promise.all(Array.from({ length: warmUps }, () => decode(name, user.key)))
    for (const one of before) expectEnd(`${name}, before`, one, '200')
    const told = await decode(
      name,
      user.key,
      { headers: [...TENSOR, ...headers], ...(leaves && { leaves }) },
      side,
    )
    expectEnd(name, told, leaves === undefined ? ends : undefined)
  }

  const useKeys = async () => {
    for (const as of placesOf(user.key))
      expectEnd('a key in its place', await decode('plain', '', { as }), '200')
    for (const [name, key] of await badKeys(aviary, secrets)) {
      const inPath: Partial<Ask> = { route: 'POST /k/{key}/{model}', params: { key, model: 'plain' }, as: [] }
      const places = [...placesOf(key).map((as): Partial<Ask> => ({ as })), inPath]
      for (const place of places)
        expectEnd(`a key that is ${name}`, await decode('plain', '', place), '401 unauthorized')
      for (const as of placesOf(key)) await client.ask({ route: 'GET /v1/admin/keys', as })
    }
    const token = { as: bearer(secrets.ADMIN_TOKEN) }
    expectEnd('the admin token as a key', await decode('plain', '', token), '401 unauthorized')
    const narrow = await mint({ models: ['sd-v1'] })
    expectEnd('another model', await decode('plain', narrow.key), '403 forbidden')
    const revoked = await mint()
    const json = { headers: [['content-type', 'application/json']] as const, as: operator }
    const of = (order: string): Ask => ({
      route: `POST /v1/admin/keys/{id}/${order}`,
      params: { id: revoked.id },
      ...json,
    })
    await client.ask(of('revoke'))
    for (const as of placesOf(revoked.key)) {
      expectEnd('a revoked key', await decode('plain', '', { as }), '401 unauthorized')
    }
    expectEnd('rotate', await client.ask({ ...of('rotate'), body: Buffer.from('{}') }), '409 key-not-active')
    const nobody = {
      ...json,
      route: 'POST /v1/admin/backends/{id}/{order}',
      params: { id: 'none', order: 'drain' },
    }
    expectEnd('no such backend', await client.ask(nobody), '404 unknown-backend')
  }

  const reachLimits = async () => {
    const limits = [
      [{ requestsPerMinute: 1 }, '429 too-many-requests'],
      [{ megapixelsPerMinute: 0.005 }, '429 too-many-megapixels'],
      [{ megapixelsPerMonth: 0.005 }, '429 month-used-up'],
    ] as const
    for (const [overrides, ends] of limits) {
      const { key } = await mint({ overrides })
      expectEnd(`before ${ends}`, await decode('plain', key), '200')
      expectEnd(ends, await decode('plain', key), ends)
    }
    const small = await mint({ overrides: { megapixelsPerMinute: 0.001 } })
    expectEnd('too much', await decode('plain', small.key), '403 exceeds-plan')
  }

  const answerInAllForms = async () => {
    const latent = words.latent('JSON')
    const body = Buffer.from(
      JSON.stringify({
        inputs: latent.toString('base64'),
        parameters: { shape: [1, 4, 8, 8], dtype: 'float16', output_type: 'pt', partial_postprocess: true },
      }),
    )
    const headers = ['content-type', 'accept'].map((name) => [name, 'application/json'] as const)
    expectEnd('JSON', await decode('plain', user.key, { query: '', headers, body, latent }), '200')
    for (const [model, query, accept] of [
      ['sd-v1', `output_type=pil&${shapeOf()}&dtype=float16`, 'image/png'],
      ['sd-v1', `output_type=pil&${shapeOf()}&dtype=float16`, 'image/jpeg'],
      ['sd-v1', `output_type=pt&${shapeOf()}&dtype=float16&output_dtype=float32`, 'tensor/binary'],
      [
        'hunyuan-video',
        'output_type=mp4&shape=1&shape=16&shape=1&shape=4&shape=8&dtype=float16',
        'video/mp4',
      ],
    ] as const) {
      const told = await decode(model, user.key, {
        query,
        headers: [
          ['content-type', 'tensor/binary'],
          ['accept', accept],
        ],
        body: model === 'sd-v1' ? words.latent('a preview') : words.latent('a video', 16).subarray(0, 1024),
      })
      expectEnd(accept, told, '200')
      // Behind the header and tables that all files of the kind have in common.
      const own = told.body.subarray(Math.min(800, told.body.length >> 1))
      if (/png|tensor/.test(accept)) aviary.add('picture', `a preview as ${accept}`, own, told.sink)
    }
    const picture = Buffer.from(encodePng({ width: 16, height: 16, channels: 3, data: randomBytes(768) }))
    aviary.add('picture', 'a picture to be encoded', picture.subarray(60))
    for (const type of ['image/png', 'application/octet-stream', 'tensor/binary']) {
      await decode('plain', user.key, { query: '', headers: [['content-type', type]], body: picture })
    }
  }

  const makeMistakes = () =>
    Promise.all(
      mistakes(words).map(async ([ends, ask]) =>
        expectEnd(ask.route, await client.ask({ as: bearer(user.key), ...ask }), ends),
      ),
    )

  /** Uploads that stop hold what others would need, and a crowd waits for slots. */
  const crowd = async () => {
    if (isShort) return
    const large = {
      query: `output_type=pt&partial_postprocess=True&shape=1&shape=4&shape=300&shape=300&dtype=float32`,
    }
    const body = Buffer.concat(
      Array.from({ length: 22 }, () => words.latent('a large one', 92)),
      1_440_000,
    )
    const stalled = decode('plain', user.key, { ...large, body, stalls: 3_000 })
    const late = [['x-vae-deadline-ms', '2000'], ...TENSOR] as const
    await new Promise((resolve) => setTimeout(resolve, 300))
    expectEnd('two large ones', await decode('plain', user.key, { ...large, body }), '503 isolate-busy')
    const { key } = await mint({ overrides: { concurrency: 1 } })
    upstream.teach('crowded', scenarios.find(({ name }) => name === 'crowded')?.manners ?? [])
    const first = decode('crowded', key, { headers: late })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expectEnd('two at once', await decode('plain', key), '429 too-many-at-once')
    const many = Array.from({ length: 60 }, (_, i) =>
      decode('crowded', i % 20 === 0 ? other.key : user.key, { headers: late }),
    )
    const codes = (await Promise.all(many)).map(({ code }) => code)
    if (!codes.includes('quota-exceeded')) complaints.push(`a crowd: ${[...new Set(codes)]}`)
    await Promise.all([first, stalled])
    const slow = { headers: [['content-type', 'application/json']] as const, as: operator, stalls: true }
    const body2 = Buffer.from(`{"name": "${words.word('body', 'a slow one')}"}`)
    expectEnd(
      'a stalled upload',
      await client.ask({ route: 'POST /v1/admin/keys', ...slow, body: body2 }),
      '408 upload-timeout',
    )
  }

  const half = words.latent('half a latent').subarray(0, 200)
  const length = [['content-length', '512'], ...TENSOR] as const
  const cutShort = decode('plain', user.key, { headers: length, body: half, endsEarly: true })
  const [shown, rotated, revoked] = [await mint(), await mint(), await mint()]
  const routes = await documentedRoutes(client, secrets.ADMIN_TOKEN)
  const keyIds = { shown: shown.id, rotated: rotated.id, revoked: revoked.id }
  const visitor = { client, key: user.key, adminToken: secrets.ADMIN_TOKEN, keyIds, ...words }
  const slow = crowd()
  await Promise.all(scenarios.filter(({ isAsked }) => isAsked).map(happen))
  expectEnd('half a body', await cutShort, '400 length-mismatch')
  expectEnd('nobody there', await decode('unreachable', user.key), '502 upstream-unreachable')
  expectEnd('nobody there, again', await decode('unreachable', user.key), undefined)
  await Promise.all([useKeys(), reachLimits(), answerInAllForms(), makeMistakes()])
  complaints.push(...(await visitAll(visitor, routes)))
  await slow
  // What is known to the operator in the end.
  const looks = routes.filter(
    ({ route, parameters }) => parameters.length === 0 && /^GET .*(admin|metrics)/.test(route),
  )
  for (const { route } of looks) await client.ask({ route, as: operator })
  return { told: client.told, routes: routes.map(({ route }) => route), complaints }
}
