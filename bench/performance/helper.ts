/** Processes of the benchmark's own, which are not measured: the backend, and whoever makes the load. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoadOrder, LoadResult } from './load-protocol.ts'

export interface Helper {
  readonly process: ChildProcess
  /** Rejects when it is over. */
  readonly ended: Promise<never>
  /** The first that it said. */
  readonly greeting: unknown
  stop(): Promise<void>
}

export async function startHelper(url: URL, ...args: string[]): Promise<Helper> {
  const file = fileURLToPath(url)
  const child = fork(file, args, { serialization: 'advanced', execArgv: [] })
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${basename(file)} ended: ${signal ?? code}.`)
  })
  ended.catch(() => undefined)
  const [greeting] = await Promise.race([once(child, 'message'), ended])
  const stop = async (): Promise<void> => {
    child.disconnect()
    if (child.exitCode === null) await once(child, 'exit')
  }
  return { process: child, ended, greeting, stop }
}

export async function load({ process: child, ended }: Helper, order: LoadOrder): Promise<LoadResult> {
  const answered = once(child, 'message')
  child.send(order)
  const [result] = await Promise.race([answered, ended])
  return result as LoadResult
}
