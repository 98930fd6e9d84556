/** An operator's order belongs to a backend, whatever becomes of the others in the configuration. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { PoolReport } from '../../src/admin/contract.ts'
import { startGateway } from '../../src/local/gateway.ts'
import { serve } from '../support/behaviours.ts'
import { pictureQuery, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { folderWith } from '../support/folder.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'

const IDS = ['alpha', 'beta', 'gamma', 'delta'] as const
type Id = (typeof IDS)[number]

const backends = new Map<Id, FakeBackend>()
const backendOf = (id: Id): FakeBackend => backends.get(id) as FakeBackend

beforeAll(async () => {
  for (const id of IDS) backends.set(id, await startFakeBackend(serve))
})
afterAll(async () => {
  for (const backend of backends.values()) await backend.stop()
})

/** A life of the gateway with these backends, in their order. */
async function life(dataDir: string, ids: readonly Id[]) {
  const gateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    hasAssets: true,
    log: () => undefined,
    bindings: {
      BACKENDS: ids.map((id) => ({ id, url: backendOf(id).url, models: ['sd-v1'] })),
      ANONYMOUS: { plan: 'default' },
      KEY_SECRETS: '{"1":"AAECAwQFBgcICQoLDA0ODw=="}',
      ADMIN_TOKEN,
    },
  })
  let isOver = false
  const stop = async (): Promise<void> => {
    if (!isOver) await gateway.stop()
    isOver = true
  }
  onTestFinished(stop)
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  return {
    stop,
    order: async (id: Id, order: 'drain' | 'disable' | 'enable'): Promise<void> => {
      const init = { method: 'POST', headers, body: '{}' }
      const response = await fetch(`${gateway.url}/v1/admin/backends/${id}/${order}`, init)
      expect([response.status, await response.text()]).toEqual([200, expect.any(String)])
    },
    stateOf: async (id: Id): Promise<string | undefined> => {
      const response = await fetch(`${gateway.url}/v1/admin/pools`, { headers })
      const { pools } = (await response.json()) as { pools: PoolReport[] }
      return pools.flatMap(({ backends }) => backends).find((one) => one.id === id)?.state
    },
    decode: async (): Promise<number> => {
      const init = { method: 'POST', body: uniqueLatent() }
      const response = await fetch(`${gateway.url}/sd-v1?${pictureQuery()}`, init)
      await response.arrayBuffer()
      return response.status
    },
  }
}

test.each<[string, readonly Id[]]>([
  ['the first of its pool is taken away', ['beta', 'gamma']],
  ['the order of the configuration changes', ['gamma', 'beta', 'alpha']],
  ['a backend is put in front', ['delta', 'alpha', 'beta', 'gamma']],
])('FA8: a backend that is disabled stays so when %s', async (_, ids) => {
  const dataDir = folderWith()
  const first = await life(dataDir, ['alpha', 'beta', 'gamma'])
  await first.order('beta', 'disable')
  await first.stop()
  const second = await life(dataDir, ids)
  const before = backendOf('beta').requests.length
  const decodes = Array.from({ length: 12 }, () => second.decode())
  expect(await Promise.all(decodes)).toEqual(Array(12).fill(200))
  expect(await second.stateOf('beta')).toBe('disabled')
  expect(backendOf('beta').requests).toHaveLength(before)
  // What is ordered there counts where it was before.
  await second.order('beta', 'enable')
  await second.order('gamma', 'drain')
  await second.stop()
  const third = await life(dataDir, ['alpha', 'beta', 'gamma'])
  expect([await third.stateOf('beta'), await third.stateOf('gamma')]).toEqual(['usable', 'drained'])
})
