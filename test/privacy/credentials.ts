/** Keys and tokens in every place, good and bad, and what their limits refuse. */
import { type Cast, JSON_BODY } from './cast.ts'
import type { Ask } from './client.ts'
import { badKeys, bearer, placesOf } from './keys.ts'

const REFUSED = '401 unauthorized'

export async function useKeys(cast: Cast, key: string): Promise<void> {
  const { client, aviary, secrets, operator } = cast
  for (const as of placesOf(key)) {
    cast.expect('a key in its place', await cast.decode('plain', '', { as }), '200')
  }
  for (const [name, bad] of await badKeys(aviary, secrets)) {
    const inPath: Partial<Ask> = {
      route: 'POST /k/{key}/{model}',
      params: { key: bad, model: 'plain' },
      as: [],
    }
    const places = [...placesOf(bad).map((as): Partial<Ask> => ({ as })), inPath]
    for (const place of places) {
      cast.expect(`a key that is ${name}`, await cast.decode('plain', '', place), REFUSED)
    }
    for (const as of placesOf(bad)) await client.ask({ route: 'GET /v1/admin/keys', as })
  }
  const token = await cast.decode('plain', '', { as: bearer(secrets.ADMIN_TOKEN) })
  cast.expect('the admin token as a key', token, REFUSED)
  const narrow = await cast.mint({ models: ['sd-v1'] })
  cast.expect('another model', await cast.decode('plain', narrow.key), '403 forbidden')
  const unknown = { params: { id: 'none', order: 'drain' }, headers: JSON_BODY, as: operator }
  const nobody = await client.ask({ route: 'POST /v1/admin/backends/{id}/{order}', ...unknown })
  cast.expect('no such backend', nobody, '404 unknown-backend')
}

export async function revokeKey(cast: Cast): Promise<void> {
  const { id, key } = await cast.mint()
  const order = (name: string): Promise<Parameters<Cast['expect']>[1]> =>
    cast.client.ask({
      route: `POST /v1/admin/keys/{id}/${name}`,
      params: { id },
      headers: JSON_BODY,
      body: Buffer.from('{}'),
      as: cast.operator,
    })
  cast.expect('an order to revoke', await order('revoke'), '200')
  for (const as of placesOf(key)) {
    cast.expect('a key that is revoked', await cast.decode('plain', '', { as }), REFUSED)
  }
  cast.expect('a rotation of it', await order('rotate'), '409 key-not-active')
}

export async function reachLimits(cast: Cast): Promise<void> {
  for (const [overrides, ends] of [
    [{ requestsPerMinute: 1 }, '429 too-many-requests'],
    [{ megapixelsPerMinute: 0.005 }, '429 too-many-megapixels'],
    [{ megapixelsPerMonth: 0.005 }, '429 month-used-up'],
  ] as const) {
    const { key } = await cast.mint({ overrides })
    cast.expect(`before ${ends}`, await cast.decode('plain', key), '200')
    cast.expect('the next one', await cast.decode('plain', key), ends)
  }
  const small = await cast.mint({ overrides: { megapixelsPerMinute: 0.001 } })
  cast.expect('more than a minute has', await cast.decode('plain', small.key), '403 exceeds-plan')
}
