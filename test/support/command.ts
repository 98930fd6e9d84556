/** The `vae-gateway` command as its users run it: a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  /** Beside what any process has; nothing of whoever runs the tests gets to the command. */
  readonly env?: Readonly<Record<string, string>>
  /** Typed by the user, then the end of the input. */
  readonly input?: string
  readonly cwd?: string
}

/** Starts the command; it is gone when the test is over. */
export function startCommand(
  args: readonly string[],
  { env, cwd }: CommandOptions = {},
): ChildProcessWithoutNullStreams {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { PATH, HOME, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Runs the command to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const child = startCommand(args, options)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  // A command that reads nothing may be gone before its input is written.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}
