/**
 * The gateway in a process of its own, started as `npm start` does. Miniflare's way to the objects blocks its
 * process while it waits, which must not be the one of clients and backends.
 */
import { createRequire } from 'node:module'
import { type RunningGateway, startGateway } from '../../src/local/gateway.ts'
import type { PoolStatus } from '../../src/pool/protocol.ts'
import { freePort, inspectedRuntime } from './inspector.ts'
import { childrenOf, commandOf } from './process-stats.ts'

export interface Started {
  readonly url: string
  readonly workerdPid: number
  readonly inspectorPort: number
}

/** Calls of the parent, by name. */
export interface HostCalls {
  start(settings: { dataDir: string; bindings: Record<string, unknown> }): Started
  status(pool: string): PoolStatus
  stop(): null
}

export interface HostRequest {
  readonly call: number
  readonly name: keyof HostCalls
  readonly argument: unknown
}

export type HostMessage =
  | { readonly log: string }
  | { readonly call: number; readonly value?: unknown; readonly error?: string }

/** Path of the runtime; its package has no types. */
const { default: workerd } = createRequire(import.meta.url)('workerd') as { default: string }

let gateway: RunningGateway | undefined

const send = (message: HostMessage): void => {
  process.send?.(message)
}

function running(): RunningGateway {
  if (!gateway) throw new Error('The gateway was not started.')
  return gateway
}

const calls: { [Name in keyof HostCalls]: (argument: never) => Promise<ReturnType<HostCalls[Name]>> } = {
  async start({ dataDir, bindings }: Parameters<HostCalls['start']>[0]) {
    const inspectorPort = await freePort()
    process.env.MINIFLARE_WORKERD_PATH = inspectedRuntime(dataDir, workerd, inspectorPort)
    gateway = await startGateway({
      host: '127.0.0.1',
      port: 0,
      dataDir,
      bindings,
      log: (line) => send({ log: line }),
    })
    const workerdPid = childrenOf(process.pid).find((pid) => commandOf(pid).includes('workerd'))
    if (workerdPid === undefined) throw new Error('No process of workerd was found.')
    return { url: gateway.url, workerdPid, inspectorPort }
  },
  async status(pool: string) {
    const pools = await running().miniflare.getDurableObjectNamespace('POOL')
    const object = pools.get(pools.idFromName(pool)) as unknown as { status(): Promise<PoolStatus> }
    return object.status()
  },
  async stop() {
    await gateway?.stop()
    return null
  },
}

process.on('message', ({ call, name, argument }: HostRequest) => {
  calls[name](argument as never).then(
    (value) => send({ call, value }),
    (error: unknown) => send({ call, error: String(error) }),
  )
})
process.once('disconnect', () => {
  void gateway?.stop().finally(() => process.exit(0))
})
