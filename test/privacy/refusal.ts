/** What a gateway says that refuses its configuration. */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aviary } from './canary.ts'
import { FOLDERS, launch } from './gateway-process.ts'
import { type Leaked, leakedInto } from './proof.ts'
import { Search } from './search.ts'
import { filesIn, sinksOf } from './sinks.ts'

/** @returns secrets that it quotes, or that it did start */
export async function refusalLeaks(tree: string): Promise<{ leaked: readonly Leaked[]; isRefused: boolean }> {
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-refusal-'))
  const aviary = new Aviary()
  const secret = (name: string): string => aviary.text('backend token', name)
  try {
    for (const name of [...FOLDERS, 'config']) mkdirSync(join(folder, name))
    const url = `https://somebody:${secret('a password in a URL')}@gpu.example/?token=${secret('a token in a URL')}`
    const toml = `[[vars.BACKENDS]]\nid = "gpu"\nurl = "${url}"\nmodels = ["sdxl"]\ntokenSecret = "TOKEN"\n`
    writeFileSync(join(folder, 'config', 'wrangler.toml'), toml)
    const secrets = {
      KEY_SECRETS: `{"1":"${secret('a pepper')}!"}`,
      ADMIN_TOKEN: `${secret('an admin token')} x`,
      TOKEN: secret('TOKEN'),
    }
    const lines = Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`)
    writeFileSync(join(folder, 'config', '.dev.vars'), lines.join(''))
    const child = launch(tree, folder, [
      '--config',
      join(folder, 'config', 'wrangler.toml'),
      '--data',
      join(folder, 'data'),
    ])
    const [code] = await once(child, 'exit')
    const sinks = FOLDERS.flatMap((name) => sinksOf(name, filesIn(join(folder, name)), join(folder, name)))
    const hasSaid = sinks.some(({ bytes }) => bytes.includes('The configuration is refused'))
    return { leaked: leakedInto(sinks, new Search(aviary.all)), isRefused: code !== 0 && hasSaid }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
