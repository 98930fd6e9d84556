/** What is done with keys that a gateway has on its list. */
import { InvalidArgumentError } from 'commander'
import type { Key } from '../../admin/contract.ts'
import { type AccessOptions, adminClient, unwrap, withAccess } from '../admin/access.ts'
import { newCommand } from '../command.ts'
import { type JsonOption, remark, say } from '../terminal/say.ts'
import { terminalWidth } from '../terminal/size.ts'
import { describeKey, describeKeys, describeUsage, lastDayOf, nameOf } from './describe.ts'
import { type NamedKey, parseKeyId, parseNamed } from './key-id.ts'

const ID = 'id of the key, or the key itself'
/** Of one request; a list takes as many as it needs. */
const PAGE = 100

const inRange =
  (least: number, most: number, isWhole: boolean) =>
  (text: string): number => {
    const value = Number(text)
    const isFine =
      text.trim() !== '' && value >= least && value <= most && (!isWhole || Number.isInteger(value))
    if (!isFine) throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`)
    return value
  }

export const listKeys = withAccess(
  newCommand('list', {
    summary: 'list the keys of a gateway, the latest first',
    examples: ['vae-gateway keys list --limit 20'],
  }),
)
  .option('--limit <n>', 'at most so many (default: all)', inRange(1, 1_000_000, true))
  .action(async (options: AccessOptions & JsonOption & { limit?: number }) => {
    const client = adminClient(options)
    const { limit = Number.POSITIVE_INFINITY } = options
    const keys: Key[] = []
    let cursor: string | undefined
    do {
      const page = unwrap(await client.listKeys(Math.min(PAGE, limit - keys.length), cursor))
      keys.push(...page.keys)
      cursor = page.cursor ?? undefined
    } while (cursor !== undefined && keys.length < limit)
    say(options, { keys }, describeKeys(keys, terminalWidth()))
  })

export const showKey = withAccess(
  newCommand('show', {
    summary: 'show a key with its limits and what is left of them',
    examples: ['vae-gateway keys show 7c0ffee57a9e0001'],
  }),
)
  .argument('<id>', ID, parseKeyId)
  .action(async (id: string, options: AccessOptions & JsonOption) => {
    const key = unwrap(await adminClient(options).showKey(id))
    say(options, key, describeKey(key))
  })

export const rotateKey = withAccess(
  newCommand('rotate', {
    summary: 'replace a key by a new one of the same plan and limits; the old one stays good for a while',
    examples: ['vae-gateway keys rotate 7c0ffee57a9e0001 --grace 48'],
  }),
)
  .argument('<id>', ID, parseKeyId)
  .option(
    '--grace <hours>',
    'how long the old key stays good beside the new one (default: 24)',
    inRange(0, 720, false),
  )
  .action(async (id: string, options: AccessOptions & JsonOption & { grace?: number }) => {
    const made = unwrap(await adminClient(options).rotateKey(id, options.grace))
    say(options, made, made.key)
    const hours = options.grace ?? 24
    const old = hours === 0 ? 'is refused from now on' : `stays good for ${hours} hours`
    remark(options, `${nameOf(made)} replaces ${id}, which ${old}; the new one is ${lastDayOf(made)}.`)
  })

export const revokeKey = withAccess(
  newCommand('revoke', {
    summary: 'refuse a key from its next request on, for good',
    examples: ['vae-gateway keys revoke 7c0ffee57a9e0001'],
  }),
)
  .argument('<id>', ID, parseNamed)
  .option('--unseen', 'also an id that the gateway has never seen: of a key that was minted elsewhere')
  .action(async ({ id, isWhole }: NamedKey, options: AccessOptions & JsonOption & { unseen?: true }) => {
    const key = unwrap(await adminClient(options).revokeKey(id, isWhole || options.unseen === true))
    say(options, key, `${nameOf(key)} is revoked: it is refused from its next request on.`)
  })

export const keyUsage = withAccess(
  newCommand('usage', {
    summary: 'show what a key was used for, by day and model',
    examples: ['vae-gateway keys usage 7c0ffee57a9e0001 --days 7'],
  }),
)
  .argument('<id>', ID, parseKeyId)
  .option('--days <n>', 'the latest so many days', inRange(1, 90, true), 30)
  .action(async (id: string, options: AccessOptions & JsonOption & { days: number }) => {
    const usage = unwrap(await adminClient(options).usage(id, options.days))
    say(options, usage, describeUsage(usage))
  })
