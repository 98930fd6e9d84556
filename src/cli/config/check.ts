import { httpEndpoint } from '../../backends/http-endpoint.ts'
import { onBothLoopbacks } from '../../backends/loopback.ts'
import type { Config } from '../../config.ts'
import { realAmbient } from '../../lib/ambient.ts'
import { checkSettings, type Finding, type SettingsCheck } from '../../local/check-settings.ts'
import { newCommand } from '../command.ts'
import { FoundMistakes } from '../ending.ts'
import { type JsonOption, paint, say } from '../terminal/say.ts'
import { printable } from '../terminal/table.ts'
import { type Inspection, inspectBackend } from './inspect-backend.ts'

interface CheckOptions extends JsonOption {
  readonly probe?: true
  /** False with --no-secrets. */
  readonly secrets: boolean
  readonly varsOnly?: true
}

export const checkConfig = newCommand('check [file]', {
  summary: 'find the mistakes in a wrangler.toml, with line and setting',
  examples: [
    'vae-gateway config check',
    'vae-gateway config check wrangler.toml --probe      # asks each backend for a decode as well',
    'vae-gateway config check wrangler.toml --no-secrets # where only Cloudflare has the secrets',
  ],
})
  .option('--probe', 'ask each backend for the smallest decode of each of its models')
  .option('--no-secrets', 'do not ask whether secrets are set in .dev.vars or the environment')
  .option('--vars-only', 'look at [vars] alone, for a file that is only used with start --config')
  .action(async (file = 'wrangler.toml', options: CheckOptions) => {
    const { probe, secrets, varsOnly } = options
    const check = await checkSettings(file, {
      env: process.env,
      wantsSecrets: secrets,
      settingsOnly: varsOnly === true,
    })
    const probed = probe && check.config ? await inspectAll(check.config) : []
    const isGood = check.mistakes.length === 0 && probed.every(({ flaw }) => flaw === null)
    const { mistakes, notes } = check
    say(options, { file, isGood, mistakes, notes, probed }, describe(file, check, probed).join('\n'))
    if (!isGood) throw new FoundMistakes()
  })

/** All backends at the same time. The preview is part of the gateway and cannot be away. */
async function inspectAll({ backends, models }: Config): Promise<Inspection[]> {
  const { fetch, now, after, randomUuid } = realAmbient
  const tools = { fetch: onBothLoopbacks(fetch), now, after, randomUuid, models, send: httpEndpoint(fetch) }
  const real = backends.filter(({ kind }) => kind !== 'preview')
  return (await Promise.all(real.map((backend) => inspectBackend(backend, tools)))).flat()
}

function describe(
  file: string,
  { mistakes, notes, config }: SettingsCheck,
  probed: readonly Inspection[],
): string[] {
  const broken = probed.filter(({ flaw }) => flaw !== null)
  const count = mistakes.length + broken.length
  return [
    ...mistakes.map((finding) => `${paint('red', 'mistake')} ${describeFinding(finding)}`),
    ...notes.map((finding) => `${paint('yellow', 'note')}    ${describeFinding(finding)}`),
    ...probed.map(describeInspection),
    config && count === 0
      ? describeConfig(file, config)
      : `${file} has ${count} mistake${count === 1 ? '' : 's'}.`,
  ]
}

function describeFinding({ file, line, field, message }: Finding): string {
  const where = line === undefined ? file : `${file}:${line}`
  return printable(`${where}: ${field === '' ? '' : `${field}: `}${message}`)
}

function describeInspection({ backend, model, flaw, ms }: Inspection): string {
  const name = `${backend} (${model})`
  if (flaw !== null) return `${paint('red', 'mistake')} ${printable(`${name}: ${flaw}`)}`
  return `${paint('green', 'good')}    ${name}: decodes 64 pixels correctly in ${Math.round(ms ?? 0)} ms`
}

function describeConfig(file: string, { backends, plans }: Config): string {
  const models = new Set(backends.flatMap(({ models }) => models)).size
  const some = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
  return `${file} is good: ${some(backends.length, 'backend')}, ${some(models, 'model')}, ${some(plans.size, 'plan')}.`
}
