/**
 * The gateway in a process of its own, started as `npm start` does. Miniflare's way to the objects blocks its
 * process while it waits, which must not be the one of clients and backends.
 */
import { type RunningGateway, startGateway } from '../../src/local/gateway.ts'
import type { PoolStatus } from '../../src/pool/protocol.ts'
import { childrenOf, commandOf } from './process-stats.ts'

/** Calls of the parent, by name. */
export interface HostCalls {
  start(settings: { dataDir: string; bindings: Record<string, unknown> }): { url: string; workerdPid: number }
  status(pool: string): PoolStatus
  evict(pool: string): null
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
    gateway = await startGateway({
      host: '127.0.0.1',
      port: 0,
      dataDir,
      bindings,
      log: (line) => send({ log: line }),
    })
    const workerdPid = childrenOf(process.pid).find((pid) => commandOf(pid).includes('workerd'))
    if (workerdPid === undefined) throw new Error('No process of workerd was found.')
    return { url: gateway.url, workerdPid }
  },
  async status(pool: string) {
    const pools = await running().miniflare.getDurableObjectNamespace('POOL')
    const object = pools.get(pools.idFromName(pool)) as unknown as { status(): Promise<PoolStatus> }
    return object.status()
  },
  async evict(pool: string) {
    await running().miniflare.unsafeEvictDurableObject('vae-gateway', 'Pool', { name: pool })
    return null
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
