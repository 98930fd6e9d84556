/** Keys and tokens, good and bad, in every place where a client can put one. */
import { randomBytes } from 'node:crypto'
import { formatKey, packPayload, planFingerprint } from '../../src/auth/api-key.ts'
import { KeyRing, parsePeppers } from '../../src/auth/key-ring.ts'
import type { Aviary } from './canary.ts'
import type { Secrets } from './gateway-process.ts'

export type Credential = readonly (readonly [string, string])[]

export const bearer = (key: string): Credential => [['authorization', `Bearer ${key}`]]
const basic = (text: string): Credential => [
  ['authorization', `Basic ${Buffer.from(text).toString('base64')}`],
]

/** Every place but the path. */
export const placesOf = (key: string): readonly Credential[] => [
  bearer(key),
  basic(`${key}:`),
  basic(`somebody:${key}`),
  [['x-api-key', key]],
]

export function makeSecrets(aviary: Aviary): Secrets {
  const pepper = randomBytes(32)
  aviary.add('pepper', 'the pepper', pepper)
  const ADMIN_TOKEN = aviary.text('admin token', 'the admin token')
  const BACKEND_TOKEN = aviary.text('backend token', 'the token of the backends')
  for (const canary of aviary.all) if (canary.kind === 'backend token') canary.home.add('backends')
  return { KEY_SECRETS: JSON.stringify({ 1: pepper.toString('base64') }), ADMIN_TOKEN, BACKEND_TOKEN }
}

const payload = (expiryDay: number) => ({
  pepperId: 1,
  keyId: randomBytes(8).toString('hex'),
  expiryDay,
  plan: planFingerprint('default'),
})

/** Keys that are refused, by what is wrong with them. */
export async function badKeys(
  aviary: Aviary,
  { KEY_SECRETS }: Secrets,
): Promise<ReadonlyMap<string, string>> {
  const peppers = parsePeppers(KEY_SECRETS)
  if (!peppers.ok) throw new Error(peppers.error)
  const ring = await KeyRing.import(peppers.value)
  const keys = new Map([
    ['expired', await ring.mint(payload(1))],
    ['forged', formatKey(packPayload(payload(0)), randomBytes(16))],
    ['malformed', `vg_${randomBytes(30).toString('base64url')}`],
    ['no key at all', randomBytes(24).toString('base64url')],
  ])
  for (const [name, key] of keys) aviary.add('key', `a key that is ${name}`, key)
  return keys
}
