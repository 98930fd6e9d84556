/**
 * `npm run audit`: known vulnerabilities of what is installed, as the registry knows them. What the Worker and the command
 * are made of fails it from `high`, tools from `critical`. A registry that has no such list is said to have none, which
 * fails it with `--strict` only.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

type Severity = 'info' | 'low' | 'moderate' | 'high' | 'critical'
interface Audit {
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<Severity, number>> }
  readonly message?: string
}

/** npm ends with 1 when it finds something, and says so in JSON all the same. */
async function audit(...options: string[]): Promise<Audit> {
  const args = ['audit', '--json', ...options]
  const run = promisify(execFile)('npm', args, { timeout: 60_000, maxBuffer: 64_000_000 })
  const { stdout } = await run.catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }))
  try {
    return JSON.parse(stdout) as Audit
  } catch {
    return { message: 'npm audit gave no answer' }
  }
}

const [runtime, all] = [await audit('--omit=dev'), await audit()]
if (!runtime.metadata || !all.metadata) {
  console.log(`not audited: ${runtime.message ?? all.message}`)
  process.exitCode = process.argv.includes('--strict') ? 1 : 0
} else {
  const [own, tools] = [runtime.metadata.vulnerabilities, all.metadata.vulnerabilities]
  console.log('runtime', own)
  console.log('with tools', tools)
  process.exitCode = own.high + own.critical + tools.critical > 0 ? 1 : 0
}
