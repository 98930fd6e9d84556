import { randomBytes } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import { dayOf, planFingerprint } from '../auth/api-key.ts'
import { KeyRing } from '../auth/key-ring.ts'
import { readInstallation } from '../local/installation.ts'

interface CreateOptions {
  config?: string
  plan: string
  expires?: number
  json?: true
}

/** `90d` from today, or `2027-01-31`; the last day on which the key is valid, as days since 1970 UTC. */
export function parseExpiry(text: string, now: number): number {
  const days = /^([1-9][0-9]{0,4})d$/.exec(text)?.[1]
  const date = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  // 31 February would be read as 3 March.
  const isDate = Number.isFinite(date) && new Date(date).toISOString().startsWith(text)
  const day = days === undefined ? dayOf(isDate ? date : Number.NaN) : dayOf(now) + Number(days)
  if (!(day >= dayOf(now) && day <= 65_535)) {
    throw new InvalidArgumentError(
      'Expected a number of days such as 90d, or a date to come such as 2027-01-31.',
    )
  }
  return day
}

const createKey = new Command('create')
  .description('mint a key from the local secret; it is shown once and stored nowhere')
  .option('--plan <name>', 'plan of the key, as in [vars.PLANS]', 'default')
  .option('--expires <when>', 'last day of the key: 90d or 2027-01-31 (default: never)', (text) =>
    parseExpiry(text, Date.now()),
  )
  .option('--config <file>', 'the wrangler.toml whose plans and secrets count')
  .option('--json', 'print JSON')
  .action(async ({ config: configFile, plan, expires = 0, json }: CreateOptions) => {
    const { config } = readInstallation({ configFile, env: process.env, createSecrets: false })
    const fingerprint = planFingerprint(plan)
    if (config.plans.get(fingerprint)?.name !== plan) {
      const known = [...config.plans.values()].map(({ name }) => name).join(', ')
      throw new Error(`There is no plan "${plan}"; the configuration has ${known}.`)
    }
    const keyId = randomBytes(8).toString('hex')
    const ring = await KeyRing.import(config.peppers)
    const key = await ring.mint({ keyId, expiryDay: expires, plan: fingerprint })
    const lastDay = expires === 0 ? null : new Date(expires * 86_400_000).toISOString().slice(0, 10)
    process.stdout.write(json ? `${JSON.stringify({ key, keyId, plan, lastDay })}\n` : `${key}\n`)
  })

export const keysCommand = new Command('keys').description('API keys').addCommand(createKey)
