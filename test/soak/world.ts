/** Everything a run consists of, for those who act in it. */
import { randomBytes } from 'node:crypto'
import { planFingerprint } from '../../src/auth/api-key.ts'
import { KeyRing, parsePeppers } from '../../src/auth/key-ring.ts'
import { SoakBackend } from './backend.ts'
import { canaryScanner } from './canary.ts'
import { GatewayProcess } from './gateway-process.ts'
import { Inspector } from './inspector.ts'
import { CANARY_BYTES, finite } from './latent.ts'
import { LogBook } from './log-book.ts'
import { Tally } from './tally.ts'

export interface World {
  readonly gateway: GatewayProcess
  readonly url: string
  readonly workerdPid: number
  readonly inspector: Inspector
  readonly keys: readonly string[]
  /** Bytes that every latent begins with, and that must be nowhere else. */
  readonly canary: Uint8Array
  /** Backends of the pool that has the load. */
  readonly backends: readonly SoakBackend[]
  /** Backends of a pool that is idle most of the time, and never faulty. */
  readonly quiet: readonly SoakBackend[]
  readonly log: LogBook
  readonly tally: Tally
  nextRequestId(): string
}

/** Pools are named after their first backend. */
export const BUSY_POOL = 'b1'
export const QUIET_POOL = 'q1'

/** Answers above this are streamed. Less than the default, so that streaming costs no more than it must. */
export const COMMIT_BYTES = 1_000_000

const KEYS = 8

/** Starts backends and gateway, as `npm start` would with these settings. */
export async function startWorld(dataDir: string): Promise<World> {
  const start = (ids: readonly string[]): Promise<SoakBackend[]> =>
    Promise.all(ids.map((id) => SoakBackend.start(id)))
  const backends = await start([BUSY_POOL, 'b2', 'b3', 'b4', 'b5'])
  const quiet = await start([QUIET_POOL, 'q2'])
  const KEY_SECRETS = JSON.stringify({ 1: randomBytes(32).toString('base64') })
  const canary = finite(randomBytes(CANARY_BYTES))
  const log = new LogBook(canaryScanner(canary))
  const gateway = new GatewayProcess((line) => log.take(line))
  const bindings = {
    KEY_SECRETS,
    BACKENDS: [
      ...backends.map(({ id, url }) => ({
        id,
        url,
        models: ['sd-v1', 'flux'],
        slots: 2,
        // One whose slots drain, because it cannot stop a decode.
        kind: id === 'b5' ? 'huggingface' : 'vae-backend',
      })),
      ...quiet.map(({ id, url }) => ({ id, url, models: ['sdxl'] })),
    ],
    DISPATCH: { attemptTimeoutMs: 1_500, commitBytes: COMMIT_BYTES },
  }
  const { url, workerdPid, inspectorPort } = await gateway.call('start', { dataDir, bindings })
  let serial = 0
  const run = randomBytes(4).toString('hex')
  return {
    gateway,
    url,
    workerdPid,
    inspector: await Inspector.connect(inspectorPort),
    keys: await mintKeys(KEY_SECRETS),
    canary,
    backends,
    quiet,
    log,
    tally: new Tally(),
    nextRequestId: () => `soak-${run}-${++serial}`,
  }
}

export async function endWorld({ gateway, workerdPid, inspector, backends, quiet }: World): Promise<void> {
  inspector.close()
  await gateway.stop(workerdPid)
  await Promise.all([...backends, ...quiet].map((backend) => backend.stop()))
}

/** What was wrong with the backends at some time since a moment of `performance.now()`. */
export const troublesSince = ({ backends }: World, moment: number): string[] =>
  backends.flatMap((backend) => backend.troublesSince(moment).map((name) => `${backend.id} ${name}`))

async function mintKeys(secrets: string): Promise<string[]> {
  const peppers = parsePeppers(secrets)
  if (!peppers.ok) throw new Error(peppers.error)
  const ring = await KeyRing.import(peppers.value)
  const plan = planFingerprint('default')
  return Promise.all(
    Array.from({ length: KEYS }, () =>
      ring.mint({ keyId: randomBytes(8).toString('hex'), expiryDay: 0, plan }),
    ),
  )
}
