/**
 * Real Python clients and the reference backend against the gateway, after the backend's own tests. Makes its own
 * virtualenv once, and again when what it installs changes. Arguments go to pytest, and then only to the former;
 * `--prepare` makes the virtualenv and nothing else.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const backend = join(root, 'backend')
const venv = join(root, '.venv-conformance')
const python = join(venv, 'bin', 'python')
const stamp = join(venv, 'installed')
const pytest = ['-m', 'pytest', '-q', '-rs', '-p', 'no:cacheprovider']

const requirements = [
  join(backend, 'requirements.txt'),
  join(backend, 'requirements-dev.txt'),
  join(root, 'test', 'conformance', 'requirements.txt'),
]
const pins = requirements.map((file) => readFileSync(file, 'utf8'))
const wanted = createHash('sha256').update(pins.join()).digest('hex')

function run(command: string, args: string[], cwd = root): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (error) throw new Error(`${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

function install(): void {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(venv, { recursive: true, force: true })
  run('python3', ['-m', 'venv', venv])
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  // Torch first and by its exact version: left to another package's range, pip may take a build of many gigabytes.
  const torch = /^torch==.*$/m.exec(pins.join())?.[0]
  if (!torch) throw new Error('backend/requirements.txt does not pin torch.')
  run(python, [...pip, torch])
  run(python, [...pip, ...requirements.flatMap((file) => ['-r', file])])
  writeFileSync(stamp, wanted)
}

install()
const narrowed = process.argv.slice(2)
if (narrowed.includes('--prepare')) process.exit()
if (narrowed.length === 0) {
  for (const folder of [backend, join(root, 'test', 'conformance'), join(root, 'test', 'compatibility')]) {
    run(python, ['-m', 'ruff', 'check', '--no-cache', '.'], folder)
    run(python, ['-m', 'ruff', 'format', '--no-cache', '--check', '.'], folder)
  }
  run(python, pytest, backend)
}
run(python, [...pytest, 'test/conformance', ...narrowed])
