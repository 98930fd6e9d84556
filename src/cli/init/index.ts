import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { checkSettings } from '../../local/check-settings.ts'
import { projectDir } from '../../local/installation.ts'
import { newCommand } from '../command.ts'
import { CommandFailure } from '../ending.ts'
import { type JsonOption, remark, say } from '../terminal/say.ts'
import { parseBackend, parseGatewayName } from './backend-answers.ts'
import { askForGateway, Questioner } from './questions.ts'
import { type NewBackend, type NewGateway, newSettings } from './template.ts'

interface InitOptions extends JsonOption {
  readonly output: string
  readonly yes?: true
  readonly force?: true
  readonly name: string
  readonly backend: readonly NewBackend[]
}

const addBackend = (text: string, others: readonly NewBackend[]): readonly NewBackend[] => {
  const backend = parseBackend(text)
  if (!backend.ok) throw new InvalidArgumentError(`Expected ${backend.error}.`)
  return [...others, backend.value]
}

const gatewayName = (text: string): string => {
  const name = parseGatewayName(text)
  if (!name.ok) throw new InvalidArgumentError(`Expected ${name.error}.`)
  return name.value
}

/** Serves what no decoder does, so that a gateway without decoders is one too. */
const PREVIEW: NewBackend = { id: 'preview', kind: 'preview', models: ['*'], slots: 4, scaleToZero: false }

export const initCommand = newCommand('init', {
  summary: 'write a wrangler.toml for a gateway of your own, by asking or from options',
  examples: [
    'vae-gateway init --output gateway.toml',
    'vae-gateway init --yes --output gateway.toml --backend id=gpu-1,url=https://gpu.example.com/,models=sdxl+flux,token=GPU_TOKEN,slots=2',
  ],
})
  .option('--output <file>', 'the file to write', 'wrangler.toml')
  .option('--yes', 'ask nothing')
  .option('--force', 'replace the file where it exists, without asking')
  .option('--name <name>', 'name of the Worker; with --yes', gatewayName, 'vae-gateway')
  .option(
    '--backend <facts>',
    'a decoder, as in the example, “sleeps” if it may scale to zero; with --yes, as often as there are decoders',
    addBackend,
    [],
  )
  .action(async (options: InitOptions) => {
    const { output, yes, force } = options
    const isThere = existsSync(output)
    if (yes && isThere && !force) throw new CommandFailure(`${output} exists; --force replaces it.`)
    const questioner = yes ? undefined : new Questioner(process.stdin)
    let wanted: NewGateway = { name: options.name, backends: options.backend }
    try {
      if (
        questioner &&
        isThere &&
        !force &&
        !(await questioner.isSure(`${output} exists. Replace it?`, 'n'))
      ) {
        throw new CommandFailure('Nothing was written.')
      }
      if (questioner) wanted = await askForGateway(questioner)
    } finally {
      questioner?.close()
    }
    await writeChecked(output, { ...wanted, backends: [...wanted.backends, PREVIEW] })
    const secrets = wanted.backends.flatMap(({ tokenSecret }) => tokenSecret ?? [])
    const next = nextSteps(output, [...new Set(secrets)])
    say(options, { output, ...wanted, next }, `Wrote ${output}.`)
    remark(options, `Next:\n${next.map((line) => `  ${line}`).join('\n')}`)
  })

/** Under another name first: a file that would be refused never gets its own. */
async function writeChecked(output: string, wanted: NewGateway): Promise<void> {
  const template = readFileSync(join(projectDir, 'wrangler.toml'), 'utf8')
  const from = (path: string): string => {
    const way = relative(dirname(resolve(output)), join(projectDir, path))
    return way.startsWith('.') ? way : `./${way}`
  }
  const text = newSettings(template, wanted, {
    main: from('src/worker.ts'),
    assets: from('dist/public'),
    project: from('.'),
    pages: from('public'),
  })
  const draft = `${output}.new`
  writeFileSync(draft, text, { flag: 'wx' })
  try {
    const options = { env: {}, wantsSecrets: false, settingsOnly: false }
    const { mistakes } = await checkSettings(draft, options)
    const [first] = mistakes
    if (first) throw new CommandFailure(`Nothing was written: ${first.field}: ${first.message}.`)
    renameSync(draft, output)
  } finally {
    rmSync(draft, { force: true })
  }
}

const nextSteps = (output: string, secrets: readonly string[]): string[] => [
  `npx vae-gateway secrets generate >> ${join(dirname(output), '.dev.vars')}`,
  ...secrets.map((name) => `put ${name}=… into the same file`),
  `npx vae-gateway config check ${output} --probe`,
  `npx vae-gateway start --config ${output}`,
]
