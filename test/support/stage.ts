/** One backend and one gateway for the tests of a file, audited after each of them. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { audit } from './audit.ts'
import { serve } from './behaviours.ts'
import { type FakeBackend, isOfClient, isWell, startFakeBackend } from './fake-backend.ts'
import { SOON, startTestGateway, type TestGateway } from './gateway.ts'

/** Asks again and again until the check passes. */
export const soon = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, SOON)

export interface Stage {
  readonly backend: FakeBackend
  readonly gateway: TestGateway
  /** Waits until the backend has got so many decodes of clients; the gateway's own are not counted. */
  backendHas(count: number): Promise<void>
}

/** @param settings of the gateway, around the URL of the backend */
export function stage(
  settings: (url: string) => { BACKENDS: readonly object[]; MODELS?: readonly object[]; DISPATCH?: object },
): Stage {
  let backend: FakeBackend
  let gateway: TestGateway
  beforeAll(async () => {
    backend = await startFakeBackend(serve)
    gateway = await startTestGateway(settings(backend.url))
    // A client that leaves while the isolate reads its configuration is never seen at all.
    await fetch(`${gateway.url}/ready`)
  })
  beforeEach(() => {
    backend.behaviour = serve
    backend.health = isWell
    backend.early = undefined
    backend.requests.length = 0
  })
  afterEach(() => audit(gateway))
  afterAll(async () => {
    await gateway.stop()
    await backend.stop()
  })
  return {
    get backend() {
      return backend
    },
    get gateway() {
      return gateway
    },
    backendHas: (count) =>
      vi.waitFor(() => expect(backend.requests.filter(isOfClient)).toHaveLength(count), SOON),
  }
}
