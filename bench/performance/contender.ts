/** Who is measured. */
import { childrenOf } from '../../test/soak/process-stats.ts'

export interface Contender {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Sent as its bearer token; whoever asks for none ignores it. */
  readonly key: string
  /** Its processes. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/** How the others are told where the backend is. */
export interface BackendAddress {
  readonly host: string
  readonly port: number
}

/** What a task gives, and the children that this process has since. */
export async function withChildren<T>(task: () => Promise<T>): Promise<readonly [T, readonly number[]]> {
  const before = new Set(childrenOf(process.pid))
  const result = await task()
  return [result, childrenOf(process.pid).filter((pid) => !before.has(pid))]
}
