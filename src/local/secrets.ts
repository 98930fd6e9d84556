/** Secrets of a gateway on this machine: `.dev.vars`, which the environment overrides. */
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'

/** Beside the configuration file when there is one, as wrangler has it; otherwise the project's own. */
export function secretsFileFor(configFile: string, projectDir: string): string {
  const beside = join(dirname(configFile), '.dev.vars')
  return existsSync(beside) ? beside : join(projectDir, '.dev.vars')
}

export const readSecretsFile = (file: string): NodeJS.Dict<string> =>
  existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}

/** Secrets that can be made up, each with how. */
const makers = {
  KEY_SECRETS: () => JSON.stringify({ 1: randomBytes(32).toString('base64') }),
  ADMIN_TOKEN: () => randomBytes(32).toString('base64url'),
}

/** Makes what a gateway needs to start and does not have yet. Readable by its owner only. */
export function createMissingSecrets(file: string, known: NodeJS.Dict<string>): NodeJS.Dict<string> {
  const missing = Object.entries(makers).filter(([name]) => !known[name])
  const made = missing.map(([name, make]) => [name, make()] as const)
  if (made.length === 0) return known
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const lineBreak = text === '' || text.endsWith('\n') ? '' : '\n'
  const lines = made.map(([name, value]) => `${name}='${value}'\n`).join('')
  appendFileSync(file, `${lineBreak}${lines}`, { mode: 0o600 })
  return { ...known, ...Object.fromEntries(made) }
}
