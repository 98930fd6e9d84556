/** Everything that can be found wrong with a wrangler.toml without asking anybody outside. */
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type ConfigProblem, formatPath } from '../config/problem.ts'
import { type Config, readConfig } from '../config.ts'
import { readSources, type Sources } from './installation.ts'
import { findPlatformProblems } from './platform-settings.ts'
import { UnreadableSettings } from './settings-file.ts'
import { askWrangler, findUnknownNames } from './wrangler-check.ts'

export interface Finding {
  readonly file: string
  readonly line: number | undefined
  /** `vars.BACKENDS[1].url`; empty when the file cannot be read at all. */
  readonly field: string
  readonly message: string
}

export interface SettingsCheck {
  readonly mistakes: readonly Finding[]
  /** What is no mistake, but should be known. */
  readonly notes: readonly Finding[]
  /** Undefined when the settings are refused. */
  readonly config: Config | undefined
}

export interface CheckOptions {
  readonly env: NodeJS.Dict<string>
  /** Whether secrets that are not here are a mistake; where they are kept elsewhere, they are not. */
  readonly wantsSecrets: boolean
  /** Only [vars], as `start --config` reads them; otherwise also whether the file can be deployed. */
  readonly settingsOnly: boolean
}

export async function checkSettings(file: string, options: CheckOptions): Promise<SettingsCheck> {
  let sources: Sources
  try {
    sources = readSources(file, options.env)
  } catch (error) {
    if (!(error instanceof UnreadableSettings)) throw error
    const { file, line, why } = error
    return { mistakes: [{ file, line, field: '', message: why }], notes: [], config: undefined }
  }
  const { settings, configFile } = sources
  const { vars, root, lineOf } = settings
  const tell = ({ path, message }: ConfigProblem): Finding => {
    return { file: configFile, line: lineOf(path), field: formatPath(path), message }
  }
  const secrets = options.wantsSecrets ? sources.secrets : withPlaceholders(vars, sources.secrets)
  const read = readConfig({
    ...vars,
    ...(secrets.KEY_SECRETS ? {} : { KEY_SECRETS: PLACEHOLDER_PEPPERS }),
    ...secrets,
  })
  const problems = [...findSecretsInFile(vars), ...(read.ok ? [] : read.error)]
  if (!options.settingsOnly) {
    const ours = [
      ...findPlatformProblems(root),
      ...findMissingFile(root, configFile),
      ...findUnknownNames(root),
    ]
    const told = ours.map(({ path }) => formatPath(path))
    const isTold = (field: string): boolean =>
      told.some((other) => other === field || other.startsWith(`${field}.`))
    const theirs = (await askWrangler(configFile)).filter(({ path }) => !isTold(formatPath(path)))
    problems.unshift(...ours, ...theirs)
  }
  const notes = options.wantsSecrets && !secrets.KEY_SECRETS ? [tell(NO_PEPPERS)] : []
  if (root.env !== undefined) notes.push(tell(ENVIRONMENTS))
  if (!options.settingsOnly && !countsBadKeys(root)) notes.push(tell(NO_COUNTER))
  return {
    mistakes: problems.map(tell),
    notes,
    config: read.ok && problems.length === 0 ? read.value : undefined,
  }
}

const NO_PEPPERS: ConfigProblem = {
  path: ['KEY_SECRETS'],
  message: 'not set here; npm start makes one, and so does npx vae-gateway secrets generate',
}

const NO_COUNTER: ConfigProblem = {
  path: ['ratelimits'],
  message: 'no entry has the name "BAD_KEYS", so that guessing keys is not slowed down',
}

const countsBadKeys = ({ ratelimits }: Readonly<Record<string, unknown>>): boolean =>
  Array.isArray(ratelimits) && ratelimits.some((entry: unknown) => Object(entry).name === 'BAD_KEYS')

const ENVIRONMENTS: ConfigProblem = {
  path: ['env'],
  message: 'settings of environments are not looked at; [vars] is not inherited by them',
}

/** Stands for secrets that are kept elsewhere, so that all else can be checked. */
const PLACEHOLDER_PEPPERS = '{"1":"AAAAAAAAAAAAAAAAAAAAAA=="}'

function withPlaceholders(
  vars: Readonly<Record<string, unknown>>,
  secrets: NodeJS.Dict<string>,
): NodeJS.Dict<string> {
  const names = backendsOf(vars).map(({ tokenSecret }) => tokenSecret)
  const placeholders = names.filter((name) => typeof name === 'string').map((name) => [name, 'elsewhere'])
  return { ...Object.fromEntries(placeholders), ...secrets }
}

const backendsOf = (
  vars: Readonly<Record<string, unknown>>,
): readonly { readonly tokenSecret?: unknown }[] =>
  Array.isArray(vars.BACKENDS)
    ? vars.BACKENDS.filter((entry) => typeof entry === 'object' && entry !== null)
    : []

/** A file is committed and shown around; what stands in [vars] is no secret. */
function findSecretsInFile(vars: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const tokens = backendsOf(vars).map(({ tokenSecret }) => tokenSecret)
  const names = new Set<unknown>(['KEY_SECRETS', 'ADMIN_TOKEN', ...tokens])
  return Object.keys(vars)
    .filter((name) => typeof vars[name] === 'string')
    .map((name) => ({
      path: ['vars', name],
      message: names.has(name)
        ? `a secret must not stand in the file; use npx wrangler secret put ${name}, or .dev.vars`
        : 'there is no such setting',
    }))
}

function findMissingFile(root: Readonly<Record<string, unknown>>, configFile: string): ConfigProblem[] {
  const { main } = root
  if (typeof main !== 'string' || existsSync(resolve(dirname(configFile), main))) return []
  return [{ path: ['main'], message: `there is no file ${main} seen from here` }]
}
