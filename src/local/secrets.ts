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

/** Makes what a gateway needs to start and does not have yet. Readable by its owner only. */
export function createMissingSecrets(file: string, known: NodeJS.Dict<string>): NodeJS.Dict<string> {
  if (known.KEY_SECRETS) return known
  const KEY_SECRETS = JSON.stringify({ 1: randomBytes(32).toString('base64') })
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const lineBreak = text === '' || text.endsWith('\n') ? '' : '\n'
  appendFileSync(file, `${lineBreak}KEY_SECRETS='${KEY_SECRETS}'\n`, { mode: 0o600 })
  return { ...known, KEY_SECRETS }
}
