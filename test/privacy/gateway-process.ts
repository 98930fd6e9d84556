/** A gateway as `npm start` makes it: a process whose every trace lands in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Secrets {
  readonly KEY_SECRETS: string
  readonly ADMIN_TOKEN: string
  readonly BACKEND_TOKEN: string
}

export interface GatewayProcess {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

const START_MS = 60_000

/** Folders of a run, all of them searched but the one of what the operator wrote. */
export const FOLDERS = ['data', 'tmp', 'home', 'out'] as const

/**
 * @param tree where package.json is
 * @param folder of the run; `config` in it has wrangler.toml and `.dev.vars`
 */
export async function startGatewayProcess(
  tree: string,
  folder: string,
  toml: string,
  secrets: Secrets,
): Promise<GatewayProcess> {
  for (const name of [...FOLDERS, 'config']) mkdirSync(join(folder, name), { recursive: true })
  const config = join(folder, 'config', 'wrangler.toml')
  writeFileSync(config, toml)
  const lines = Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`)
  writeFileSync(join(folder, 'config', '.dev.vars'), lines.join(''), { mode: 0o600 })
  const child = launch(tree, folder, ['--config', config, '--data', join(folder, 'data')])
  const url = await greeted(child, join(folder, 'out', 'stdout'))
  return { url, pid: child.pid ?? 0, stop: () => stop(child) }
}

/** `npm start -- --port 0 …`, with its output in files. */
export function launch(tree: string, folder: string, options: readonly string[]): ChildProcess {
  const [stdout, stderr] = ['stdout', 'stderr'].map((name) => openSync(join(folder, 'out', name), 'a'))
  const home = join(folder, 'home')
  const child = spawn('npm', ['start', '--', '--port', '0', ...options], {
    cwd: tree,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      TMPDIR: join(folder, 'tmp'),
      npm_config_update_notifier: 'false',
    },
    stdio: ['ignore', stdout, stderr],
    // A group of its own, so that the signal reaches all of it, as Ctrl-C would.
    detached: true,
  })
  for (const file of [stdout, stderr]) closeSync(file as number)
  return child
}

async function greeted(child: ChildProcess, file: string): Promise<string> {
  for (const until = Date.now() + START_MS; Date.now() < until && child.exitCode === null; await sleep(50)) {
    const text = readFileSync(file, 'utf8')
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0]
    if (url && text.includes('Ctrl-C')) return url
  }
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  throw new Error(`The gateway did not start: ${readFileSync(file, 'utf8')}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  process.kill(-child.pid, 'SIGINT')
  const late = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), 20_000)
  await ended
  clearTimeout(late)
}
