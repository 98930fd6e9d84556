/**
 * A visit to every route that the gateway says it has: by nobody, by somebody with a key, by the operator; with what
 * belongs into its path and with what does not. A route that needs to be known better fails the run until it is here.
 */
import type { Ask, TalkativeClient } from './client.ts'
import { pictureQuery, TENSOR } from './client.ts'
import { bearer } from './keys.ts'
import type { Words } from './mistakes.ts'

export interface Visitor extends Words {
  readonly client: TalkativeClient
  readonly key: string
  readonly adminToken: string
  /** Ids of keys to be shown, rotated and revoked. */
  readonly keyIds: { readonly shown: string; readonly rotated: string; readonly revoked: string }
}

interface Operation {
  readonly route: string
  readonly parameters: readonly string[]
}

/** The document of the gateway that runs. */
export async function documentedRoutes(
  client: TalkativeClient,
  adminToken: string,
): Promise<readonly Operation[]> {
  const { body } = await client.ask({ route: 'GET /openapi.json', as: bearer(adminToken) })
  const { paths } = JSON.parse(body.toString()) as { paths: Record<string, Record<string, unknown>> }
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => ({
      route: `${method.toUpperCase()} ${path}`,
      parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
    })),
  )
}

type Draft = Partial<Omit<Ask, 'route'>>

/** How a route is asked so that it answers well: what stands in its path, and what is sent. */
function mannersOf({ latent, key, keyIds }: Visitor): Readonly<Record<string, Draft>> {
  const decodes = (params: Record<string, string>, query = ''): Draft => {
    const body = latent('a visit')
    return { params, query: pictureQuery() + query, headers: TENSOR, body, latent: body }
  }
  const json = (value: object, params: Record<string, string> = {}): Draft => ({
    params,
    headers: [['content-type', 'application/json']],
    body: Buffer.from(JSON.stringify(value)),
  })
  const encodes = (params: Record<string, string>): Draft => ({
    params,
    headers: [['content-type', 'image/png']],
    body: latent('a visit with a picture'),
  })
  const [model, named] = [{ model: 'plain' }, '&model=plain']
  return {
    'GET /v1/models/{id}': { params: { id: 'sdxl' } },
    'GET /problems/{code}': { params: { code: 'forbidden' } },
    'GET /warnings/{code}': { params: { code: 'latent-all-zero' } },
    'GET /assets/{file}': { params: { file: 'page.css' } },
    'POST /': decodes({}, named),
    'POST /{model}': decodes(model),
    'POST /v1/decode': decodes({}, named),
    'POST /v1/decode/{model}': decodes(model),
    'POST /k/{key}': decodes({ key }, named),
    'POST /k/{key}/{model}': decodes({ key, ...model }),
    'POST /k/{key}/v1/decode': decodes({ key }, named),
    'POST /k/{key}/v1/decode/{model}': decodes({ key, ...model }),
    'POST /v1/encode': encodes({}),
    'POST /v1/encode/{model}': encodes(model),
    'POST /k/{key}/v1/encode': encodes({ key }),
    'POST /k/{key}/v1/encode/{model}': encodes({ key, ...model }),
    'POST /v1/admin/keys': { ...json({ name: 'a key of the visit' }), handsOut: 'key' },
    'GET /v1/admin/keys/{id}': { params: { id: keyIds.shown } },
    'GET /v1/admin/keys/{id}/usage': { params: { id: keyIds.shown } },
    'POST /v1/admin/keys/{id}/rotate': {
      ...json({ graceHours: 1 }, { id: keyIds.rotated }),
      handsOut: 'key',
    },
    'POST /v1/admin/keys/{id}/revoke': json({}, { id: keyIds.revoked }),
    'POST /v1/admin/backends/{id}/{order}': json({}, { id: 'plain-1', order: 'probe' }),
  }
}

/** Routes that need not answer well, as no backend here encodes. */
const SELDOM_GOOD = /encode/

/** @returns what is missing, in sentences */
export async function visitAll(visitor: Visitor, operations: readonly Operation[]): Promise<string[]> {
  const { client, adminToken, word, latent, key } = visitor
  const complaints = await Promise.all(
    operations.map(async ({ route, parameters }): Promise<string[]> => {
      const draft = mannersOf(visitor)[route]
      const isAdmin = /\/v1\/admin|\/metrics|\/dashboard/.test(route)
      const isPost = route.startsWith('POST')
      if (!draft && (isPost || parameters.length > 0)) return [`nobody knows how to ask ${route}`]
      const strange = Object.fromEntries(
        parameters.map((name) => [name, word('path', `{${name}} of ${route}`)]),
      )
      const body = isPost
        ? { headers: TENSOR, body: latent(`a strange ${route}`), query: pictureQuery() }
        : {}
      await client.ask({ route, params: strange, ...body })
      await client.ask({ route, params: strange, ...body, as: bearer(isAdmin ? adminToken : key) })
      await client.ask({ route, ...draft, as: bearer(isAdmin ? key : word('header', 'a bad token')) })
      const good = await client.ask({
        route,
        ...mannersOf(visitor)[route],
        as: bearer(isAdmin ? adminToken : key),
      })
      const isGood = good.status === 200 || good.status === 201
      return isGood || SELDOM_GOOD.test(route) ? [] : [`${route} answers ${good.status} ${good.code ?? ''}`]
    }),
  )
  return complaints.flat()
}
