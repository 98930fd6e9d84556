/** `npm start` as a user meets it: what it prints, what it keeps, how it fails and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = new URL('../..', import.meta.url)
let folder: string
const children = new Set<ChildProcess>()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vae-gateway-start-'))
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  rmSync(folder, { recursive: true, force: true })
})

interface Run {
  /** Everything printed so far, on both streams. */
  output(): string
  /** Resolves when the output holds the text. */
  printed(text: string): Promise<void>
  interrupt(): void
  /** The exit code. */
  ended: Promise<number | null>
}

/** The command with a configuration and a data folder of its own. */
function start(toml: string, ...options: string[]): Run {
  const config = join(folder, 'wrangler.toml')
  writeFileSync(config, toml)
  // A file of secrets beside the configuration is the one that counts.
  writeFileSync(join(folder, '.dev.vars'), '', { flag: 'a' })
  const args = ['src/cli/main.ts', 'start', '--config', config, '--data', join(folder, 'data'), ...options]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let text = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk
      for (const listener of listeners) listener()
    })
  }
  return {
    output: () => text,
    printed: (wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (text.includes(wanted)) resolve()
        }
        listeners.add(look)
        look()
      }),
    interrupt: () => child.kill('SIGINT'),
    ended: once(child, 'close').then(([code]) => code as number | null),
  }
}

const PREVIEW = '[[vars.BACKENDS]]\nid = "preview"\nkind = "preview"\nmodels = ["*"]\n'

test('prints a URL, a key and a line to paste that decodes a photograph, and ends cleanly', async () => {
  const run = start(PREVIEW, '--port', '0')
  await run.printed('Stop with Ctrl-C')
  const [, curl = ''] = /(curl .*?\.bin)/s.exec(run.output()) ?? []
  const paste = spawn('bash', ['-c', curl.replace('-o astronaut.png', `-s -o ${folder}/astronaut.png`)], {
    cwd: root,
  })
  expect((await once(paste, 'close'))[0]).toBe(0)
  expect(existsSync(join(folder, 'astronaut.png'))).toBe(true)
  // The objects' databases lie where --data says.
  expect(readdirSync(join(folder, 'data', 'do')).join()).toContain('Pool')
  run.interrupt()
  expect(await run.ended).toBe(0)
})

test('makes its secrets once, so that the key stays the same', async () => {
  const keyOf = async (): Promise<string | undefined> => {
    const run = start(PREVIEW, '--port', '0')
    await run.printed('Stop with Ctrl-C')
    run.interrupt()
    await run.ended
    return /vg_\w+/.exec(run.output())?.[0]
  }
  const first = await keyOf()
  expect(first).toMatch(/^vg_\w{47}$/)
  expect(await keyOf()).toBe(first)
})

test('says which port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const run = start(PREVIEW, '--port', String(port))
  expect(await run.ended).toBe(1)
  expect(run.output()).toBe(
    `Cannot listen: port ${port} on 127.0.0.1 is in use. Choose another with --port.\n`,
  )
  other.close()
})

test('P13: refuses a configuration with one message that names file, line, setting and what was expected', async () => {
  const run = start(
    `${PREVIEW}\n[[vars.BACKENDS]]\nid = "preview"\nurl = "http://10.0.0.1/"\nmodels = ["sdxl"]\n`,
  )
  expect(await run.ended).toBe(1)
  const file = join(folder, 'wrangler.toml')
  expect(run.output()).toBe(
    [
      'The configuration is refused:',
      `  ${file}:8: vars.BACKENDS[1].url: expected https; plain http is for loopback addresses only`,
      `  ${file}:7: vars.BACKENDS[1].id: the same as that of vars.BACKENDS[0]`,
      '',
    ].join('\n'),
  )
})
