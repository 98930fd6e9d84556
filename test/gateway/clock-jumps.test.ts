/** Somebody sets the clock of the machine, while requests are under way and between two lives of the gateway. */
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { MintedKey } from '../../src/admin/contract.ts'
import { bundleWorker } from '../../src/local/bundle.ts'
import { startGateway } from '../../src/local/gateway.ts'
import { serve, serveAfter } from '../support/behaviours.ts'
import { pictureQuery, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { folderWith } from '../support/folder.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'
import { soon } from '../support/stage.ts'

const HOUR = 3_600_000
const PER_MINUTE = 8

let script: string
let backends: readonly [FakeBackend, FakeBackend]

beforeAll(async () => {
  script = await bundleWorker(new URL('../worker/with-clock.ts', import.meta.url))
  backends = [await startFakeBackend(serve), await startFakeBackend(serve)]
})
afterAll(() => Promise.all(backends.map((backend) => backend.stop())))

/** A gateway over two backends of one slot; ends with the test, or before. */
async function life(dataDir: string) {
  const gateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    script,
    hasAssets: true,
    log: () => undefined,
    bindings: {
      BACKENDS: backends.map(({ url }, at) => ({ id: `gpu-${at}`, url, models: ['sd-v1'] })),
      PLANS: { default: { requestsPerMinute: PER_MINUTE, megapixelsPerMinute: 1_000, concurrency: 8 } },
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
  const order = async <T>(path: string, body: object): Promise<T> => {
    const response = await fetch(`${gateway.url}/v1/admin${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.ok).toBe(true)
    return (await response.json()) as T
  }
  return {
    stop,
    order,
    makeKey: () => order<MintedKey>('/keys', { name: 'a key of tests' }),
    setClock: (byMs: number) => fetch(`${gateway.url}/clock/${byMs}`),
    decode: async (key: string): Promise<number> => {
      const headers = { authorization: `Bearer ${key}`, 'x-vae-deadline-ms': '60000' }
      const init = { method: 'POST', headers, body: uniqueLatent() }
      const response = await fetch(`${gateway.url}/sd-v1?${pictureQuery()}`, init)
      await response.arrayBuffer()
      return response.status
    },
  }
}

const reached = (): number => backends.reduce((sum, { requests }) => sum + requests.length, 0)

test.each([HOUR, -HOUR])(
  'P9: FA6: two decodes under way and two that wait are served (clock set by %i ms)',
  async (ms) => {
    const { makeKey, decode, setClock } = await life(folderWith())
    const { key } = await makeKey()
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    const before = reached()
    for (const backend of backends) backend.behaviour = serveAfter(opened)
    const all = [1, 2, 3, 4].map(() => decode(key))
    await soon(() => expect(reached() - before).toBeGreaterThanOrEqual(2))
    await setClock(ms)
    // Whoever looks at the clock now does so an hour from where it was.
    const late = decode(key)
    open()
    expect(await Promise.all([...all, late])).toEqual([200, 200, 200, 200, 200])
  },
)

test('P9: FA7: a key at its minute limit is not kept waiting by a clock that is set back', async () => {
  const { makeKey, decode, setClock } = await life(folderWith())
  for (const backend of backends) backend.behaviour = serve
  const { key } = await makeKey()
  for (let i = 0; i < PER_MINUTE; i++) expect(await decode(key)).toBe(200)
  expect(await decode(key)).toBe(429)
  await setClock(-300_000)
  expect(await decode(key)).toBe(200)
})

test.each(['revoked', 'replaced without grace'])(
  'FA7: a key that was %s is refused after a restart with the clock an hour back',
  async (how) => {
    const dataDir = folderWith()
    const first = await life(dataDir)
    const { id, key } = await first.makeKey()
    if (how !== 'revoked') await first.order(`/keys/${id}/rotate`, { graceHours: 0 })
    else await first.order(`/keys/${id}/revoke`, {})
    expect(await first.decode(key)).toBe(401)
    await first.stop()
    const second = await life(dataDir)
    await second.setClock(-HOUR)
    expect(await second.decode(key)).toBe(401)
  },
)

test('FC5: of two keys whose databases are damaged the one that is revoked is refused', async () => {
  const dataDir = folderWith()
  const first = await life(dataDir)
  const good = await first.makeKey()
  const revoked = await first.makeKey()
  await first.order(`/keys/${revoked.id}/revoke`, {})
  for (const backend of backends) backend.behaviour = serve
  expect(await first.decode(good.key)).toBe(200)
  await first.stop()
  // The runtime's own file of alarms is none of a key.
  const files = globSync('**/*-Key/*.sqlite*', { cwd: dataDir }).filter((file) => !file.includes('metadata'))
  expect(files.length).toBeGreaterThanOrEqual(2)
  for (const file of files)
    writeFileSync(join(dataDir, file), 'what a broken disk gives back, over and over '.repeat(500))
  const second = await life(dataDir)
  expect(await second.decode(revoked.key)).toBe(401)
  expect(await second.decode(good.key)).toBe(200)
})
