/** A gateway for tests: the real one, with the settings of the test and no files of the user. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { parseKey, planFingerprint } from '../../src/auth/api-key.ts'
import { KeyRing, parsePeppers } from '../../src/auth/key-ring.ts'
import { readConfig } from '../../src/config.ts'
import type { KeyRecord, KeyService } from '../../src/limits/protocol.ts'
import { startGateway } from '../../src/local/gateway.ts'
import { Membership } from '../../src/pool/membership.ts'
import type { PoolStatus } from '../../src/pool/protocol.ts'

export interface TestGateway {
  readonly url: string
  readonly key: string
  /** What the Worker logged. */
  readonly log: string[]
  /** Ids of requests for which the log owes a line. */
  readonly owed: string[]
  /** Names of its pools. */
  readonly pools: readonly string[]
  /** What the object of a pool says of itself; the name is that of its first backend. */
  poolStatus(name: string): Promise<PoolStatus>
  /** The object of a key, as the admin API has it. */
  keyObject(key: string): KeyService
  stop(): Promise<void>
}

const KEY_SECRETS = JSON.stringify({ 1: randomBytes(32).toString('base64') })

export async function mintKey(options: { expiryDay?: number; plan?: string } = {}): Promise<string> {
  const peppers = parsePeppers(KEY_SECRETS)
  if (!peppers.ok) throw new Error(peppers.error)
  const ring = await KeyRing.import(peppers.value)
  const keyId = randomBytes(8).toString('hex')
  return ring.mint({
    keyId,
    expiryDay: options.expiryDay ?? 0,
    plan: planFingerprint(options.plan ?? 'default'),
  })
}

/** What an operator who changes one thing says of a key. */
export const recordOf = (key: string, changes: Partial<KeyRecord> = {}): KeyRecord => ({
  id: keyIdOf(key),
  name: 'a key of tests',
  plan: 'default',
  models: null,
  overrides: {},
  createdAt: 1,
  expiryDay: 0,
  revokedAt: null,
  rotatedTo: null,
  ...changes,
})

export async function startTestGateway(settings: {
  BACKENDS: readonly object[]
  [setting: string]: unknown
}): Promise<TestGateway> {
  const dataDir = mkdtempSync(join(tmpdir(), 'vae-gateway-'))
  const bindings = { KEY_SECRETS, ...settings }
  const log: string[] = []
  const gateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    bindings,
    log: (line) => log.push(line),
    // The runner's configuration has made the pages, once for all.
    hasAssets: process.env.VITEST !== undefined,
  })
  const pools = await gateway.miniflare.getDurableObjectNamespace('POOL')
  const keys = await gateway.miniflare.getDurableObjectNamespace('KEY')
  return {
    url: gateway.url,
    log,
    owed: [],
    pools: poolNames(bindings),
    key: await mintKey(),
    async poolStatus(name) {
      const pool = pools.get(pools.idFromName(name)) as unknown as { status(): Promise<PoolStatus> }
      return pool.status()
    },
    keyObject: (key) => keys.get(keys.idFromName(keyIdOf(key))) as unknown as KeyService,
    async stop() {
      await gateway.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export function keyIdOf(key: string): string {
  const parsed = parseKey(key)
  if (!parsed) throw new Error('Not a key.')
  return parsed.payload.keyId
}

function poolNames(bindings: Readonly<Record<string, unknown>>): string[] {
  const config = readConfig(bindings)
  if (!config.ok) return []
  return new Membership(config.value.backends).pools.map(({ name }) => name)
}

/** For what follows from an answer, on a machine that may have much else to do. */
export const SOON = { timeout: 10_000, interval: 20 }

/**
 * Resolves when no backend of the pool has a lease and nobody waits. Releases travel after the answer, so the pool is
 * asked until it agrees; it does not within ten seconds when something leaks.
 */
export async function slotsAreFree(gateway: TestGateway, pool: string): Promise<void> {
  await vi.waitFor(async () => {
    const { queued, backends } = await gateway.poolStatus(pool)
    const busy = backends.filter(({ leases }) => leases > 0).map(({ id }) => id)
    if (queued > 0 || busy.length > 0) throw new Error(`${queued} queued, leases on: ${busy.join(', ')}`)
  }, SOON)
}
