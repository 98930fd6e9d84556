import { InvalidArgumentError } from 'commander'
import type { CreateKey } from '../../admin/contract.ts'
import { realAmbient } from '../../lib/ambient.ts'
import { type AccessOptions, findAccess, unwrap, withAccess } from '../admin/access.ts'
import { type AdminAccess, AdminClient } from '../admin/client.ts'
import { newCommand } from '../command.ts'
import { UsageFailure } from '../ending.ts'
import { type JsonOption, remark, say } from '../terminal/say.ts'
import { lastDayOf, nameOf } from './describe.ts'
import { formatDay, parseExpiry } from './expiry.ts'
import { mintLocally } from './mint-locally.ts'

interface CreateOptions extends AccessOptions, JsonOption {
  readonly name?: string
  readonly plan: string
  readonly models?: readonly string[]
  /** Days since 1970 UTC. */
  readonly expires?: number
  readonly requestsPerMinute?: Bound
  readonly megapixelsPerMinute?: Bound
  readonly concurrency?: Bound
  readonly megapixelsPerMonth?: Bound
  readonly config?: string
}

type Bound = number | 'none'

/** A limit of one key. */
function parseBound(text: string): Bound {
  if (text === 'none') return text
  const bound = Number(text)
  if (text.trim() === '' || !Number.isFinite(bound) || bound <= 0) {
    throw new InvalidArgumentError('Expected a number above 0, or none.')
  }
  return bound
}

const parseModels = (text: string): string[] => {
  const models = text.split(',').map((name) => name.trim())
  if (models.includes('')) throw new InvalidArgumentError('Expected names of models, as in sdxl,flux.')
  return models
}

export const createKey = withAccess(
  newCommand('create', {
    summary:
      'make a key, which is shown once and stored nowhere: by a gateway where one and its admin token are given, otherwise from the secret on this machine',
    examples: [
      'vae-gateway keys create --name alice --plan default --expires 90d',
      'KEY=$(vae-gateway keys create)      # the key alone goes to standard output',
    ],
  }),
)
  .option('--name <name>', 'what you call it; a gateway wants one')
  .option('--plan <name>', 'plan of the key, as in [vars.PLANS]', 'default')
  .option('--expires <when>', 'last day of the key: 90d or 2027-01-31 (default: never)', (text) =>
    parseExpiry(text, realAmbient.wallNow()),
  )
  .option('--models <list>', 'only these models of its plan, as in sdxl,flux', parseModels)
  .option('--requests-per-minute <n>', 'in the place of the plan’s; none for no bound', parseBound)
  .option('--megapixels-per-minute <n>', 'likewise', parseBound)
  .option('--concurrency <n>', 'likewise: requests at a time', parseBound)
  .option('--megapixels-per-month <n>', 'likewise', parseBound)
  .option('--config <file>', 'make it on this machine, with the plans and secrets of this wrangler.toml')
  .action(async (options: CreateOptions) => {
    if (options.config && options.url) throw new UsageFailure('Expected --config or --url, not both.')
    const access = options.config ? undefined : findAccess(options, process.env)
    await (access ? createByGateway(access, options) : createHere(options))
  })

async function createByGateway(access: AdminAccess, options: CreateOptions): Promise<void> {
  const { name, plan, models, expires = 0 } = options
  if (!name) throw new UsageFailure('Expected --name: the gateway keeps a list of its keys.')
  const lastDay = formatDay(expires)
  const overrides = overridesOf(options)
  const wanted: CreateKey = {
    name,
    plan,
    ...(models && { models: [...models] }),
    ...(lastDay && { expires: lastDay }),
    ...(Object.keys(overrides).length > 0 && { overrides }),
  }
  const made = unwrap(await new AdminClient(access, realAmbient.fetch).createKey(wanted))
  say(options, made, made.key)
  remark(options, `${nameOf(made)} of plan ${made.plan}, ${lastDayOf(made)}. It is shown once.`)
}

async function createHere(options: CreateOptions): Promise<void> {
  const { plan, expires = 0, models, config } = options
  if (models || Object.keys(overridesOf(options)).length > 0) {
    throw new UsageFailure(
      'Limits of one key are kept by a gateway: expected --url and --admin-token with them.',
    )
  }
  const made = await mintLocally(config, plan, expires)
  say(options, made, made.key)
}

function overridesOf(options: CreateOptions): NonNullable<CreateKey['overrides']> {
  const { requestsPerMinute, megapixelsPerMinute, concurrency, megapixelsPerMonth } = options
  const bounds = { requestsPerMinute, megapixelsPerMinute, concurrency, megapixelsPerMonth }
  const said = Object.entries(bounds).filter(([, bound]) => bound !== undefined)
  return Object.fromEntries(said.map(([name, bound]) => [name, bound === 'none' ? null : bound]))
}
