/** A key from the secret on this machine: it certifies itself, so no gateway has to be asked. */
import { randomBytes } from 'node:crypto'
import { planFingerprint } from '../../auth/api-key.ts'
import { KeyRing } from '../../auth/key-ring.ts'
import { readInstallation } from '../../local/installation.ts'
import { CommandFailure } from '../ending.ts'
import { formatDay } from './expiry.ts'

export interface LocalKey {
  readonly key: string
  readonly id: string
  readonly plan: string
  /** Its last day; null when it does not expire. */
  readonly expires: string | null
}

/**
 * @param configFile whose plans and secrets count; the project's own when left out
 * @param expiryDay days since 1970 UTC; 0: it does not expire
 */
export async function mintLocally(
  configFile: string | undefined,
  plan: string,
  expiryDay: number,
): Promise<LocalKey> {
  const { config } = readInstallation({ configFile, env: process.env, createSecrets: false })
  const fingerprint = planFingerprint(plan)
  if (config.plans.get(fingerprint)?.name !== plan) {
    const known = [...config.plans.values()].map(({ name }) => name).join(', ')
    throw new CommandFailure(`There is no plan "${plan}"; the configuration has ${known}.`)
  }
  const id = randomBytes(8).toString('hex')
  const ring = await KeyRing.import(config.peppers)
  const key = await ring.mint({ keyId: id, expiryDay, plan: fingerprint })
  return { key, id, plan, expires: formatDay(expiryDay) }
}
