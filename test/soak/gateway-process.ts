/** The gateway as the run sees it: a URL, a log, and questions to the process that hosts it. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { HostCalls, HostMessage, HostRequest } from './host.ts'

/** The gateway answers within milliseconds, or not at all. */
const PATIENCE_MS = 30_000

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

export class GatewayProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #calls = 0

  constructor(onLog: (line: string) => void) {
    // Out of the terminal's group: Ctrl-C ends the run, and the run ends the gateway.
    this.#child = fork(fileURLToPath(new URL('host.ts', import.meta.url)), {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', (message: HostMessage) => {
      if ('log' in message) return onLog(message.log)
      const waiting = this.#waiting.get(message.call)
      if (message.error === undefined) waiting?.resolve(message.value)
      else waiting?.reject(new Error(message.error))
    })
    this.#child.once('exit', (code, signal) => {
      const error = new Error(`The process of the gateway ended: ${signal ?? code}.`)
      for (const { reject } of this.#waiting.values()) reject(error)
    })
  }

  call<Name extends keyof HostCalls>(
    name: Name,
    ...[argument]: Parameters<HostCalls[Name]>
  ): Promise<ReturnType<HostCalls[Name]>> {
    const call = ++this.#calls
    const request: HostRequest = { call, name, argument }
    const answer = Promise.withResolvers<ReturnType<HostCalls[Name]>>()
    this.#waiting.set(call, { ...answer, resolve: answer.resolve as Waiting['resolve'] })
    this.#child.send(request, (error) => {
      if (error) answer.reject(error)
    })
    const late = new Error(`The process of the gateway did not answer "${name}".`)
    const timer = setTimeout(() => answer.reject(late), PATIENCE_MS)
    return answer.promise.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(call)
    })
  }

  /** @param workerdPid would outlive a host that must be killed */
  async stop(workerdPid: number): Promise<void> {
    try {
      await this.call('stop')
      this.#child.disconnect()
      if (this.#child.exitCode === null) await once(this.#child, 'exit')
    } catch (error) {
      this.#child.kill('SIGKILL')
      process.kill(workerdPid, 'SIGKILL')
      throw error
    }
  }
}
