import { randomBytes } from 'node:crypto'
import { addPepper } from '../auth/pepper-rotation.ts'
import { readSources } from '../local/installation.ts'
import { newCommand, newGroup } from './command.ts'
import { CommandFailure } from './ending.ts'
import { type JsonOption, remark, say } from './terminal/say.ts'

interface GenerateOptions extends JsonOption {
  readonly rotate?: true
  readonly config?: string
  readonly wrangler?: true
}

const PEPPER_BYTES = 32

const generateSecrets = newCommand('generate', {
  summary:
    'make the secrets of a gateway, or a new pepper in front of those it has; they are printed and stored nowhere',
  examples: [
    'vae-gateway secrets generate >> .dev.vars                          # for this machine',
    'vae-gateway secrets generate --json | npx wrangler secret bulk     # for Cloudflare, and for nobody’s history',
    'vae-gateway secrets generate --rotate --json | npx wrangler secret bulk',
  ],
})
  .option('--rotate', 'keep the peppers of .dev.vars or $KEY_SECRETS, put a new one in front; no admin token')
  .option('--config <file>', 'the wrangler.toml whose .dev.vars is rotated')
  .option('--wrangler', 'print commands that put the secrets, one each')
  .action((options: GenerateOptions) => {
    const { rotate, wrangler } = options
    const existing = rotate ? existingPeppers(options.config) : ''
    const added = addPepper(existing, new Uint8Array(randomBytes(PEPPER_BYTES)))
    if (!added.ok) throw new CommandFailure(`KEY_SECRETS: expected ${added.error}.`)
    const { text, id } = added.value
    const secrets = {
      KEY_SECRETS: text,
      ...(rotate ? {} : { ADMIN_TOKEN: randomBytes(32).toString('base64url') }),
    }
    // None of them holds a quote.
    const line = wrangler
      ? ([name, value]: [string, string]) => `printf %s '${value}' | npx wrangler secret put ${name}`
      : ([name, value]: [string, string]) => `${name}='${value}'`
    say(options, secrets, Object.entries(secrets).map(line).join('\n'))
    if (rotate) {
      remark(
        options,
        `Pepper ${id} signs new keys. Keys under the others stay good until those are taken out.`,
      )
    }
  })

function existingPeppers(config: string | undefined): string {
  const { KEY_SECRETS } = readSources(config, process.env).secrets
  if (KEY_SECRETS) return KEY_SECRETS
  throw new CommandFailure(
    'There are no peppers to rotate: expected KEY_SECRETS in .dev.vars or the environment.',
  )
}

export const secretsCommand = newGroup('secrets', {
  summary: 'secrets of a gateway',
  examples: ['vae-gateway secrets generate >> .dev.vars'],
}).addCommand(generateSecrets)
