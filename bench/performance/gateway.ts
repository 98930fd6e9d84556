/** The gateway with everything on: keys, every limit of a plan, a pool of four backends, inspection, metrics, its log. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { planFingerprint } from '../../src/auth/api-key.ts'
import { KeyRing, parsePeppers } from '../../src/auth/key-ring.ts'
import { type RunningGateway, startGateway } from '../../src/local/gateway.ts'
import { type BackendAddress, type Contender, withChildren } from './contender.ts'

export interface GatewayContender extends Contender {
  readonly gateway: RunningGateway
  /** Lines of the log so far, and their bytes. */
  readonly logged: { lines: number; bytes: number }
}

const BACKENDS = 4
const SLOTS = 32

/** More than anybody uses up, so that every limit is kept and none is met. */
const PLAN = {
  requestsPerMinute: 1e9,
  megapixelsPerMinute: 1e9,
  concurrency: 10_000,
  megapixelsPerMonth: 9e9,
}

/** @param script code of the Worker; the real one when left out */
export async function startGatewayContender(
  { host, port }: BackendAddress,
  script?: string,
): Promise<GatewayContender> {
  const dataDir = mkdtempSync(join(tmpdir(), 'vae-gateway-bench-'))
  const secrets = JSON.stringify({ 1: randomBytes(32).toString('base64') })
  const bindings = {
    KEY_SECRETS: secrets,
    // With somebody who may ask, everything is counted.
    ADMIN_TOKEN: randomBytes(32).toString('base64url'),
    PLANS: { default: PLAN },
    BACKENDS: Array.from({ length: BACKENDS }, (_, i) => ({
      id: `gpu-${i + 1}`,
      url: `http://${host}:${port}/${i + 1}`,
      models: ['sd-v1', 'sdxl', 'flux'],
      slots: SLOTS,
    })),
  }
  const logged = { lines: 0, bytes: 0 }
  const log = (line: string): void => {
    logged.lines++
    logged.bytes += Buffer.byteLength(line)
  }
  const [gateway, pids] = await withChildren(() =>
    startGateway({ host, port: 0, dataDir, bindings, log, ...(script !== undefined && { script }) }),
  )
  return {
    name: 'gateway',
    ...addressOf(gateway.url),
    key: await mint(secrets),
    pids,
    gateway,
    logged,
    async stop() {
      await gateway.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export function addressOf(url: string): BackendAddress {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}

async function mint(secrets: string): Promise<string> {
  const peppers = parsePeppers(secrets)
  if (!peppers.ok) throw new Error(peppers.error)
  const ring = await KeyRing.import(peppers.value)
  return ring.mint({ keyId: randomBytes(8).toString('hex'), expiryDay: 0, plan: planFingerprint('default') })
}
