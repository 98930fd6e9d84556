/** The gateway on this machine: the real Worker in the real runtime, without an account. */
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { convertV4MiniflareOptions, type Json, Log, LogLevel, Miniflare } from 'miniflare'
import type { Unstable_MiniflareWorkerOptions } from 'wrangler'
import { assetsDir, buildAssets } from './assets.ts'
import { bundleWorker } from './bundle.ts'
import { projectDir } from './installation.ts'

export interface GatewayOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Where the Durable Objects keep their databases. */
  readonly dataDir: string
  /** Settings and secrets. */
  readonly bindings: Readonly<Record<string, unknown>>
  /** Takes each line of the Worker's log; standard output when left out. */
  readonly log?: (line: string) => void
  /** Code of the Worker; the project's own when left out. */
  readonly script?: string
  /** Whether the pages lie there already; they are made otherwise. */
  readonly hasAssets?: boolean
}

export interface RunningGateway {
  readonly url: string
  /** The runtime, for whoever must look inside. */
  readonly miniflare: Miniflare
  stop(): Promise<void>
}

/** @throws Error with one line when the port is taken */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { host, port, log = writeLine } = options
  await assertPortIsFree(host, port)
  const [script, { assets: _inFront, ...platform }] = await Promise.all([
    options.script ?? bundleWorker(),
    readPlatform(),
    options.hasAssets || buildAssets(),
  ])
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      log: new Log(LogLevel.ERROR),
      cf: false,
      resourcePersistencePath: resolve(options.dataDir),
      handleStructuredLogs: ({ message }) => log(message),
      workers: [
        {
          ...platform,
          name: 'vae-gateway',
          modules: [{ type: 'ESModule', path: 'worker.js', contents: script }],
          // Nobody is in front who would say where a client is; a header that says so was written by the client.
          bindings: { CLIENT_ADDRESS: 'unknown', ...options.bindings } as Record<string, Json>,
          serviceBindings: { ASSETS: 'pages' },
          // Straight into the Worker: the entry in front of it would cost more than the gateway itself.
          unsafeDirectSockets: [{ host, port }],
        },
        // Pages behind the Worker rather than in front of it, where their router would see every decode.
        {
          name: 'pages',
          modules: true,
          script: NO_WORKER,
          assets: { directory: assetsDir },
        },
      ],
    }),
  )
  await miniflare.ready
  const url = await miniflare.unsafeGetDirectURL()
  return { url: url.href.replace(/\/$/, ''), miniflare, stop: () => miniflare.dispose() }
}

/** What the pages' worker runs for a path that is no file. */
const NO_WORKER = 'export default { fetch: () => new Response(null, { status: 404 }) }'

const writeLine = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** Compatibility, objects, limits and assets as wrangler.toml says, read by wrangler itself. */
async function readPlatform(): Promise<Unstable_MiniflareWorkerOptions['workerOptions']> {
  process.env.WRANGLER_LOG ??= 'error'
  process.env.WRANGLER_SEND_METRICS ??= 'false'
  const { unstable_getMiniflareWorkerOptions } = await import('wrangler')
  return unstable_getMiniflareWorkerOptions(join(projectDir, 'wrangler.toml')).workerOptions
}

/** The runtime's own complaint about a taken port is hard to read, so somebody else says it first. */
function assertPortIsFree(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' ? `port ${port} on ${host} is in use` : error.message
      reject(new Error(`Cannot listen: ${taken}. Choose another with --port.`))
    })
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}
