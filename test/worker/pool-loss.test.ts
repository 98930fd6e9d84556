/** The pool's object dies, falls silent or is overloaded; requests go on. Inside the real runtime. */
import {
  abortAllDurableObjects,
  createExecutionContext,
  listDurableObjectIds,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { planFingerprint } from '../../src/auth/api-key.ts'
import { KeyRing, parsePeppers } from '../../src/auth/key-ring.ts'
import type { PoolStub } from '../../src/pool/client.ts'
import worker, { type Pool } from '../../src/worker.ts'

const pools = (env as unknown as { POOL: DurableObjectNamespace<Pool> }).POOL
const log = vi.spyOn(console, 'log')

beforeEach(() => {
  log.mockReset()
})
afterEach(async () => {
  vi.useRealTimers()
  await abortAllDurableObjects()
})

async function mintKey(): Promise<string> {
  const peppers = parsePeppers((env as unknown as { KEY_SECRETS: string }).KEY_SECRETS)
  if (!peppers.ok) throw new Error(peppers.error)
  const ring = await KeyRing.import(peppers.value)
  return ring.mint({ keyId: '0123456789abcdef', expiryDay: 0, plan: planFingerprint('default') })
}

/** Stands in for the binding, and counts the calls for a slot. */
class BrokenPools {
  readonly #call: () => Promise<never>
  acquired = 0

  constructor(call: () => Promise<never>) {
    this.#call = call
  }

  getByName(): PoolStub {
    const call = this.#call
    const acquire = (): Promise<never> => {
      this.acquired++
      return call()
    }
    return { acquire, cancel: call, ping: call, adopt: call }
  }
}

const QUERY =
  'output_type=pt&partial_postprocess=True&shape=1&shape=4&shape=8&shape=8&dtype=float16&do_scaling=True'

type Arguments = Parameters<typeof worker.fetch>

/** A decode by the embedded preview; `answered` hears of it before what goes on behind it is over. */
async function decode(
  broken: BrokenPools,
  key: string,
  answered: (status: number) => void = () => undefined,
): Promise<number> {
  const context = createExecutionContext()
  const request = new Request(`https://gateway.example/sd-v1?${QUERY}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'tensor/binary', accept: 'tensor/binary' },
    body: new Uint8Array(512),
  }) as Arguments[0]
  const response = await worker.fetch(request, { ...env, POOL: broken } as unknown as Arguments[1], context)
  await response.arrayBuffer()
  answered(response.status)
  await waitOnExecutionContext(context)
  return response.status
}

const eventsOf = (kind: string): unknown[] =>
  log.mock.calls.map(([line]) => JSON.parse(String(line))).filter((event) => event.kind === kind)

describe('P6: without the object', () => {
  test('P6: 1,000 requests are served by the gateway on its own', async () => {
    const key = await mintKey()
    const broken = new BrokenPools(async () => {
      throw Object.assign(new Error('reset'), { durableObjectReset: true })
    })
    const statuses: number[] = []
    for (let i = 0; i < 250; i++) {
      statuses.push(...(await Promise.all([1, 2, 3, 4].map(() => decode(broken, key)))))
    }
    expect(statuses.filter((status) => status !== 200)).toEqual([])
    expect(eventsOf('decode')).toHaveLength(1_000)
    // It is asked now and then whether it is back, and not by every request.
    expect(broken.acquired).toBeLessThan(20)
  }, 60_000)

  test('P6: an object that never answers costs the first request three seconds and the next ones nothing', async () => {
    const key = await mintKey()
    const broken = new BrokenPools(() => new Promise(() => undefined))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    // Long after what the test before may have left behind.
    vi.setSystemTime(Date.now() + 600_000)
    const startedAt = Date.now()
    let answeredAt = 0
    const running = [decode(broken, key, () => (answeredAt = Date.now()))]
    while (answeredAt === 0) await vi.advanceTimersByTimeAsync(50)
    expect(answeredAt - startedAt).toBeLessThanOrEqual(3_500)
    const nextAt = Date.now()
    answeredAt = 0
    running.push(decode(broken, key, () => (answeredAt = Date.now())))
    while (answeredAt === 0) await vi.advanceTimersByTimeAsync(1)
    expect(answeredAt - nextAt).toBeLessThan(500)
    // What it was told meanwhile waits for an answer until the runtime has had enough.
    vi.useRealTimers()
    await Promise.race([Promise.all(running), Promise.resolve()])
    expect(broken.acquired).toBe(1)
  })
})

test('P5: an object that says it is overloaded is not asked again by the same request', async () => {
  const key = await mintKey()
  const broken = new BrokenPools(async () => {
    throw Object.assign(new Error('overloaded'), { overloaded: true })
  })
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + 1_200_000)
  expect(await decode(broken, key)).toBe(200)
  expect(broken.acquired).toBe(1)
})

test('P23: whether the gateway is up is asked of no object', async () => {
  const gateway = (exports as unknown as { default: Fetcher }).default
  for (const path of ['/health', '/ready', '/openapi.json', '/problems/no-backend']) {
    for (let i = 0; i < 20; i++)
      expect((await gateway.fetch(`https://gateway.example${path}`)).status).toBe(200)
  }
  expect(await listDurableObjectIds(pools)).toEqual([])
})

test('P19: a log that fails fails no request', async () => {
  const key = await mintKey()
  log.mockImplementation(() => {
    throw new Error('the sink is gone')
  })
  const broken = new BrokenPools(async () => {
    throw new Error('reset')
  })
  expect(await decode(broken, key)).toBe(200)
})
