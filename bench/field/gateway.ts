/** The gateway as `npm start` runs it, with a pool for each scenario. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { BackendAddress, Contender } from '../performance/contender.ts'
import { endWithThis } from '../performance/daemon.ts'
import { addressOf } from '../performance/gateway.ts'
import { familyOf } from '../performance/process.ts'
import type { Scenario } from '../scenario.ts'
import { IMAGE_MODEL, modelOf, VIDEO_MODEL } from './work.ts'

const START = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Pool {
  readonly scenario: Scenario
  readonly addresses: readonly BackendAddress[]
}

export async function startGatewayContender(pools: readonly Pool[]): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-field-'))
  const file = join(folder, 'wrangler.toml')
  writeFileSync(file, settingsOf(pools))
  const args = ['start', '--json', '--port', '0', '--config', file, '--data', join(folder, 'data')]
  const child = spawn(process.execPath, [START, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  endWithThis(child)
  const ended = once(child, 'exit').then(() => undefined)
  const lines = createInterface({ input: child.stdout })
  const greeting = once(lines, 'line').then(([line]) => String(line))
  // Its log is written and read, as it is in service, and thrown away.
  const first = await Promise.race([greeting, ended])
  if (first === undefined) throw new Error('The gateway does not start.')
  const { url, key } = JSON.parse(first) as { url: string; key: string }
  return {
    name: 'gateway',
    ...addressOf(url),
    key,
    pids: familyOf(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Everything that is not said here is as it is when an operator says nothing. */
function settingsOf(pools: readonly Pool[]): string {
  const tables = pools.flatMap(({ scenario, addresses }, at) => {
    const ids = [1, 2].map((frames) => modelOf(at, { width: 8, height: 8, frames }))
    const models = ids.map((id, i) => table('MODELS', { id, ...(i === 0 ? IMAGE_MODEL : VIDEO_MODEL) }))
    const backends = scenario.backends.map(({ slots, coldStartMs }, i) =>
      table('BACKENDS', {
        id: `pool-${at}-gpu-${i + 1}`,
        url: `http://${addresses[i]?.host}:${addresses[i]?.port}/`,
        models: ids,
        slots,
        ...(coldStartMs !== undefined && { scaleToZero: true }),
      }),
    )
    return [...models, ...backends]
  })
  return tables.join('\n')
}

const table = (name: string, entries: object): string =>
  [`[[vars.${name}]]`, ...Object.entries(entries).map(([key, value]) => `${key} = ${toml(value)}`), ''].join(
    '\n',
  )

function toml(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value)
  const entries = Object.entries(value).map(([key, inner]) => `${key} = ${toml(inner)}`)
  return `{ ${entries.join(', ')} }`
}
