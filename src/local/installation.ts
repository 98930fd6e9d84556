/** Everything a gateway on this machine is told: settings from a wrangler.toml, secrets beside it. */
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ConfigProblem, formatPath } from '../config/problem.ts'
import { type Config, readConfig } from '../config.ts'
import { createMissingSecrets, readSecretsFile, secretsFileFor } from './secrets.ts'
import { readSettingsFile, type SettingsFile } from './settings-file.ts'

export const projectDir = fileURLToPath(new URL('../..', import.meta.url))

export interface LocalInstallation {
  readonly config: Config
  /** Settings and secrets, as the Worker finds them in its env. */
  readonly bindings: Readonly<Record<string, unknown>>
  /** Where secrets stand that the environment does not have. */
  readonly secretsFile: string
}

export interface InstallationOptions {
  /** A wrangler.toml; the project's own when left out. */
  readonly configFile?: string | undefined
  readonly env: NodeJS.Dict<string>
  /** Whether missing secrets are made and kept. */
  readonly createSecrets: boolean
}

/** Settings and secrets as they are found, before anybody has looked whether they are good. */
export interface Sources {
  readonly configFile: string
  readonly settings: SettingsFile
  readonly secretsFile: string
  /** Of the file, and of the environment, which wins. */
  readonly secrets: NodeJS.Dict<string>
}

/** @throws Error with one line when the file cannot be read */
export function readSources(configFile: string | undefined, env: NodeJS.Dict<string>): Sources {
  const file = resolve(configFile ?? join(projectDir, 'wrangler.toml'))
  const settings = readSettingsFile(file)
  const secretsFile = secretsFileFor(file, projectDir)
  const stored = readSecretsFile(secretsFile)
  const secrets = { ...stored, ...overrides(settings.vars, stored, env) }
  return { configFile: file, settings, secretsFile, secrets }
}

/** @throws Error whose message names every problem, with file and line */
export function readInstallation(options: InstallationOptions): LocalInstallation {
  const { configFile, settings, secretsFile, secrets: known } = readSources(options.configFile, options.env)
  const secrets = options.createSecrets ? createMissingSecrets(secretsFile, known) : known
  const bindings = { ...settings.vars, ...secrets }
  const config = readConfig(bindings)
  if (!config.ok) throw new Error(describe(config.error, configFile, settings))
  return { config: config.value, bindings, secretsFile }
}

/** Of the environment only what is a secret here: names in `.dev.vars`, names that settings point to, our own. */
function overrides(
  vars: Readonly<Record<string, unknown>>,
  stored: NodeJS.Dict<string>,
  env: NodeJS.Dict<string>,
): NodeJS.Dict<string> {
  const backends = Array.isArray(vars.BACKENDS) ? vars.BACKENDS : []
  const tokens = backends.map((backend: { tokenSecret?: unknown }) => backend.tokenSecret)
  const names = new Set(['KEY_SECRETS', 'ADMIN_TOKEN', ...Object.keys(stored), ...tokens])
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => names.has(name) && value))
}

function describe(problems: readonly ConfigProblem[], file: string, settings: SettingsFile): string {
  const lines = problems.map(({ path, message }) => {
    const line = path[0] === 'vars' ? settings.lineOf(path) : undefined
    const where = line === undefined ? file : `${file}:${line}`
    return `  ${where}: ${formatPath(path)}: ${message}`
  })
  return `The configuration is refused:\n${lines.join('\n')}`
}
