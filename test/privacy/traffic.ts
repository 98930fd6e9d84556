/** One request, at least, for everything that can happen to a request. */
import type { Aviary } from './canary.ts'
import { Cast } from './cast.ts'
import { TENSOR, type Told } from './client.ts'
import { reachLimits, revokeKey, useKeys } from './credentials.ts'
import { crowd } from './crowd.ts'
import { answerInAllForms, sendPictures } from './formats.ts'
import type { Secrets } from './gateway-process.ts'
import { bearer } from './keys.ts'
import { mistakes } from './mistakes.ts'
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
  const cast = new Cast(url, aviary, upstream, secrets)
  const { client, words, operator, complaints } = cast
  const [{ key }, other] = [await cast.mint(), await cast.mint()]
  for (const { name, manners } of scenarios) upstream.teach(name, manners)
  const chosen = scenarios.filter(({ isAsked, isSlow }) => isAsked && !(isShort && isSlow))
  const crowded = isShort ? undefined : crowd(cast, key, other.key)
  await Promise.all([...chosen.map((scenario) => play(cast, scenario, key)), endEarly(cast, key)])
  cast.expect('nobody there', await cast.decode('unreachable', key), '502 upstream-unreachable')
  // By now it may be known to be out of reach.
  await cast.decode('unreachable', key)
  await Promise.all([
    useKeys(cast, key),
    revokeKey(cast),
    reachLimits(cast),
    answerInAllForms(cast, key),
    sendPictures(cast, key),
    ...mistakes(words).map(async ([ends, ask]) =>
      cast.expect(ask.route, await client.ask({ as: bearer(key), ...ask }), ends),
    ),
  ])
  const routes = await documentedRoutes(client, secrets.ADMIN_TOKEN)
  const [shown, rotated, revoked] = [await cast.mint(), await cast.mint(), await cast.mint()]
  const keyIds = { shown: shown.id, rotated: rotated.id, revoked: revoked.id }
  const visitor = { client, key, adminToken: secrets.ADMIN_TOKEN, keyIds, ...words }
  complaints.push(...(await visitAll(visitor, routes)))
  await crowded
  // What is known to the operator in the end.
  for (const { route, parameters } of routes) {
    if (parameters.length === 0 && /^GET .*(admin|metrics)/.test(route)) {
      await client.ask({ route, as: operator })
    }
  }
  return { told: client.told, routes: routes.map(({ route }) => route), complaints }
}

async function play(cast: Cast, { name, ends, side, headers, leaves, warmUps }: Scenario, key: string) {
  const before = await Promise.all(Array.from({ length: warmUps }, () => cast.decode(name, key)))
  for (const one of before) cast.expect(`${name}, before`, one, '200')
  const facts = { headers: [...TENSOR, ...headers], ...(leaves && { leaves }) }
  cast.expect(name, await cast.decode(name, key, facts, side), leaves === undefined ? ends : undefined)
}

async function endEarly(cast: Cast, key: string): Promise<void> {
  const body = cast.words.latent('half a latent').subarray(0, 200)
  const facts = { headers: [['content-length', '512'], ...TENSOR] as const, body, endsEarly: true }
  cast.expect('half a body', await cast.decode('plain', key, facts), '400 length-mismatch')
}
