/** The client as whoever installs it has it: packed by npm, unpacked into a project of its own. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildClient } from '../../src/local/client-package.ts'

export interface Project {
  readonly folder: string
  /** Where the package is. */
  readonly installed: string
  remove(): void
}

export async function installClient(): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-project-'))
  const built = join(folder, 'built')
  const installed = join(folder, 'node_modules', 'vae-gateway')
  await buildClient(built)
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, built])
  mkdirSync(installed, { recursive: true })
  const name = packed.toString().trim().split('\n').at(-1) ?? ''
  execFileSync('tar', ['-xzf', join(folder, name), '-C', installed, '--strip-components=1'])
  rmSync(built, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  return { folder, installed, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
