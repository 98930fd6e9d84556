/**
 * `npm run test:mutations`: takes the handling of faults away, one at a time, in a copy of the tree, and runs the tests
 * that must notice. Ends with 1 when one does not. Names of rows as arguments run those only.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutant, mutants } from './mutants.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const PARTS = [
  'src',
  'test',
  'public',
  'samples',
  'docs',
  'bench',
  'package.json',
  'tsconfig.json',
  'wrangler.toml',
  'vitest.config.ts',
]

/** Longer than any test of one row takes. */
const HANGS_AFTER_MS = 120_000

/** A copy that may be broken; what is installed is shared. */
function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-mutants-'))
  for (const part of PARTS) cpSync(join(root, part), join(folder, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** How many tests of a file begin so and fail, of how many that ran. */
async function runTests(
  folder: string,
  [file, title]: Mutant['test'],
): Promise<{ ran: number; failed: number }> {
  const report = join(folder, 'report.json')
  rmSync(report, { force: true })
  const pattern = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const args = [
    'run',
    file,
    '-t',
    pattern,
    '--reporter=json',
    `--outputFile=${report}`,
    '--testTimeout=20000',
  ]
  const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn(process.execPath, [vitest, ...args], { cwd: folder, stdio: 'ignore' })
  const hangs = setTimeout(() => child.kill('SIGKILL'), HANGS_AFTER_MS)
  await once(child, 'close')
  clearTimeout(hangs)
  // What never ends has been noticed as well.
  if (child.signalCode === 'SIGKILL') return { ran: 1, failed: 1 }
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as Record<
    string,
    number
  >
  const failed = numFailedTests ?? 0
  return { ran: failed + (numPassedTests ?? 0), failed }
}

/** @returns the text before, to be put back */
function apply(folder: string, { file, find, replace, row }: Mutant): string {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(`${row}: ${file} has what is to be removed ${parts.length - 1} times.`)
  writeFileSync(path, parts.join(replace))
  return text
}

type Verdict = 'as it must' | 'SURVIVED' | 'NO TEST RAN' | 'FAILS ANYWAY'

async function judge(folder: string, mutant: Mutant): Promise<Verdict> {
  const whole = await runTests(folder, mutant.test)
  if (whole.ran === 0) return 'NO TEST RAN'
  if (whole.failed > 0) return 'FAILS ANYWAY'
  const text = apply(folder, mutant)
  const broken = await runTests(folder, mutant.test)
  writeFileSync(join(folder, mutant.file), text)
  return broken.failed > 0 ? 'as it must' : 'SURVIVED'
}

const wanted = new Set(process.argv.slice(2))
const chosen = mutants.filter(({ row }) => wanted.size === 0 || wanted.has(row))
const folder = copyTree()
let survivors = 0
try {
  console.log('row  | failed       | removed')
  console.log('---- | ------------ | -------')
  for (const mutant of chosen) {
    const verdict = await judge(folder, mutant)
    if (verdict !== 'as it must') survivors++
    console.log(`${mutant.row.padEnd(4)} | ${verdict.padEnd(12)} | ${mutant.removed}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`\n${chosen.length - survivors} of ${chosen.length} were noticed.`)
process.exitCode = survivors === 0 ? 0 : 1
