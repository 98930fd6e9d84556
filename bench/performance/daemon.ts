/** Proxies of the distribution: a process with a configuration file in a folder of its own, on a port that is free. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../test/soak/inspector.ts'
import type { Contender } from './contender.ts'
import { familyOf } from './process.ts'

const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGTERM')
})

/** Ends a child with this process, however that ends. */
export function endWithThis(child: ChildProcess): void {
  children.add(child)
  child.once('exit', () => children.delete(child))
}

const HOST = '127.0.0.1'

export const isInstalled = (name: 'nginx' | 'haproxy'): boolean => spawnSync(name, ['-v']).error === undefined

interface Setup {
  readonly configuration: string
  /** @param file where the configuration stands */
  readonly args: (file: string) => readonly string[]
}

/** @param name of the program */
export async function startDaemon(
  name: 'nginx' | 'haproxy',
  setUp: (port: number, folder: string) => Setup,
): Promise<Contender> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), `vae-gateway-${name}-`))
  const { configuration, args } = setUp(port, folder)
  const file = join(folder, `${name}.conf`)
  writeFileSync(file, configuration)
  const child = spawn(name, args(file), { stdio: ['ignore', 'ignore', 'inherit'] })
  endWithThis(child)
  await listening(child, name, port)
  return {
    name,
    host: HOST,
    port,
    key: 'none',
    pids: familyOf(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const TRIES = 200
const TRY_AGAIN_MS = 20

async function listening(child: ChildProcess, name: string, port: number): Promise<void> {
  for (let tries = 0; tries < TRIES && child.exitCode === null; tries++) {
    const socket = connect(port, HOST)
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS))
  }
  throw new Error(`${name} does not listen.`)
}
