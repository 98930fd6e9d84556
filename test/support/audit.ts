/** What every row of the fault catalogue promises beside its own. */
import { expect, vi } from 'vitest'
import { canaryIn, forgetCanaries } from './canaries.ts'
import { SOON, slotsAreFree, type TestGateway } from './gateway.ts'

/**
 * Resolves when every slot is back, every request that went in by `decode` or `rawDecode` has left one line in the
 * log, and the log is nothing but events without a byte of a body.
 *
 * @param pools that may have been used since the last audit
 */
export async function audit(gateway: TestGateway, pools = gateway.pools): Promise<void> {
  try {
    await Promise.all(pools.map((pool) => slotsAreFree(gateway, pool)))
    await vi.waitFor(() => {
      const ids = eventsOf(gateway).flatMap(({ kind, requestId }) =>
        kind === 'decode' || kind === 'encode' ? requestId : [],
      )
      expect(ids.sort(), 'requests with a line in the log').toEqual([...gateway.owed].sort())
    }, SOON)
    const log = gateway.log.join('\n')
    expect(canaryIn(log), 'a canary in the log').toBeUndefined()
    expect(log).not.toContain(gateway.key)
  } finally {
    gateway.owed.length = 0
    gateway.log.length = 0
    forgetCanaries()
  }
}

interface Event {
  readonly kind: string
  readonly requestId: string
}

/** What the runtime says when the gateway breaks a transfer off, which it can do with an error only. */
const BROKEN_OFF = 'the answer broke off'

/** Beside the events the runtime may have its say about a connection, but never about an error that nobody caught. */
function eventsOf(gateway: TestGateway): Event[] {
  const isEvent = (line: string): boolean => line.startsWith('{')
  const remarks = gateway.log.filter((line) => !isEvent(line) && !line.endsWith(BROKEN_OFF))
  expect(remarks.filter((line) => /uncaught|unhandled/i.test(line))).toEqual([])
  return gateway.log.filter(isEvent).map((line) => JSON.parse(line) as Event)
}
