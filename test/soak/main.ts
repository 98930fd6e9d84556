/** `npm run soak`: load and faults for as long as wanted, and a verdict. */
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readOptions, type SoakOptions, USAGE } from './options.ts'
import { summary, verdict } from './report.ts'
import { soak } from './run.ts'

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

async function main(options: SoakOptions): Promise<boolean> {
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  const dataDir = mkdtempSync(join(tmpdir(), 'vae-gateway-soak-'))
  try {
    const say = options.json ? () => undefined : print
    const { world, measured, checks } = await soak(options, dataDir, say, interrupted.signal)
    print(
      options.json
        ? JSON.stringify(summary(options, world, measured, checks), undefined, 2)
        : verdict(world, measured, checks),
    )
    return checks.every((check) => check.verdict !== 'FAIL')
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

// Should the process run out of things to wait for, there was no verdict.
process.exitCode = 2
try {
  const options = readOptions(process.argv.slice(2), randomInt(2 ** 31))
  if (options === 'help') print(USAGE)
  process.exitCode = options === 'help' || (await main(options)) ? 0 : 1
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
}
