/**
 * Garbage collection on demand. A runtime without a limit of memory collects late, and its memory would tell how much
 * was allocated rather than how much is kept.
 */
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'

/**
 * Writes a command that runs workerd with an inspector; Miniflare takes it in the place of its own, and has no option
 * for that once the gateway is started as it is.
 *
 * @returns its path
 */
export function inspectedRuntime(folder: string, workerd: string, port: number): string {
  const path = join(folder, 'workerd')
  writeFileSync(path, `#!/bin/sh\nshift\nexec '${workerd}' serve --inspector-addr=127.0.0.1:${port} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The isolate of the gateway; those around it are Miniflare's. */
const ISOLATE = 'core:user:vae-gateway'
/** The isolate collects when it next has something to do, and under load that is soon. */
const PATIENCE_MS = 2_000

export class Inspector {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, () => void>()
  #calls = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const { id = 0 } = JSON.parse(String(data)) as { id?: number }
      this.#waiting.get(id)?.()
    })
  }

  static async connect(port: number): Promise<Inspector> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${ISOLATE}`)
    await once(socket, 'open')
    return new Inspector(socket)
  }

  /** @returns whether it was done */
  async collectGarbage(): Promise<boolean> {
    // Objects of C++ that garbage held are garbage themselves only after the first time.
    return (await this.#call('HeapProfiler.collectGarbage')) && this.#call('HeapProfiler.collectGarbage')
  }

  close(): void {
    this.#socket.close()
  }

  #call(method: string): Promise<boolean> {
    const id = ++this.#calls
    return new Promise((resolve) => {
      const answer = (isDone: boolean): void => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        resolve(isDone)
      }
      const timer = setTimeout(() => answer(false), PATIENCE_MS)
      this.#waiting.set(id, () => answer(true))
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ id, method }))
    })
  }
}
