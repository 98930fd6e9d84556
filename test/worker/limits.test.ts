/** What a request asks of its key's object, and what becomes of it without. Inside the real runtime. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { planFingerprint } from '../../src/auth/api-key.ts'
import { KeyRing, parsePeppers } from '../../src/auth/key-ring.ts'
import type { KeyStub } from '../../src/limits/client.ts'
import { Recorder } from '../../src/telemetry/recorder.ts'
import worker, { type Key } from '../../src/worker.ts'

const { KEY: keys, KEY_SECRETS } = env as unknown as {
  KEY: DurableObjectNamespace<Key>
  KEY_SECRETS: string
}
const PLANS = { two: { requestsPerMinute: 2 } }
const ADMIN_TOKEN = 'a-token-of-the-operator'
// Contexts are waited for here, and one would last until what was counted is told, seconds after its answer.
vi.spyOn(Recorder.prototype, 'record').mockReturnValue()
const log = vi.spyOn(console, 'log')
beforeEach(() => {
  log.mockReset()
})
const logged = (): string => log.mock.calls.map(([line]) => String(line)).join('\n')

let serial = 0
async function mintKey(plan = 'two', secrets = KEY_SECRETS): Promise<string> {
  const peppers = parsePeppers(secrets)
  if (!peppers.ok) throw new Error(peppers.error)
  const keyId = `bb${(++serial).toString(16).padStart(14, '0')}`
  return (await KeyRing.import(peppers.value)).mint({ keyId, expiryDay: 0, plan: planFingerprint(plan) })
}

/** The real objects, and a count of what they are asked. */
class CountedKeys {
  readonly names: string[] = []

  getByName(name: string): KeyStub {
    this.names.push(name)
    return keys.getByName(name) as unknown as KeyStub
  }
}

/** Stands in for the objects when they are gone. */
const lostKeys = (admit: () => Promise<never>) => ({ getByName: (): KeyStub => ({ admit, status: admit }) })

const QUERY =
  'output_type=pt&partial_postprocess=True&shape=1&shape=4&shape=8&shape=8&dtype=float16&do_scaling=True'

type Arguments = Parameters<typeof worker.fetch>

/** @param address of the client, as the platform says it */
async function decode(KEY: unknown, key: string | undefined, address?: string, more: object = {}) {
  const context = createExecutionContext()
  const request = new Request(`https://gateway.example/sd-v1?${QUERY}`, {
    method: 'POST',
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(address !== undefined && { 'cf-connecting-ip': address }),
      'content-type': 'tensor/binary',
      accept: 'tensor/binary',
      'x-request-id': 'r-1',
    },
    body: new Uint8Array(512),
    ...(address !== undefined && { cf: { colo: 'FRA' } }),
  }) as Arguments[0]
  const settings = { ...env, PLANS, ANONYMOUS: { plan: 'two' }, ADMIN_TOKEN, KEY, ...more }
  const response = await worker.fetch(request, settings as unknown as Arguments[1], context)
  const body = await response.arrayBuffer()
  await waitOnExecutionContext(context)
  return { response, status: response.status, text: new TextDecoder().decode(body) }
}

/** Asks for the configuration, as an operator would. */
async function administer(token: string, address: string): Promise<number> {
  const context = createExecutionContext()
  const request = new Request('https://gateway.example/v1/admin/config', {
    headers: { authorization: `Bearer ${token}`, 'cf-connecting-ip': address },
    cf: { colo: 'FRA' },
  }) as Arguments[0]
  const settings = { ...env, PLANS, ANONYMOUS: { plan: 'two' }, ADMIN_TOKEN }
  const response = await worker.fetch(request, settings as unknown as Arguments[1], context)
  await response.arrayBuffer()
  await waitOnExecutionContext(context)
  return response.status
}

describe('a request', () => {
  test('asks the object of its key once, and one that is refused by what is remembered not at all', async () => {
    const counted = new CountedKeys()
    const key = await mintKey()
    const statuses = []
    for (let i = 0; i < 50; i++) statuses.push((await decode(counted, key)).status)
    expect(statuses.slice(0, 3)).toEqual([200, 200, 429])
    expect(new Set(statuses.slice(2))).toEqual(new Set([429]))
    expect(counted.names).toHaveLength(3)
  })

  test('C33: with a forged key asks nobody, be it one of many', async () => {
    const counted = new CountedKeys()
    const other = JSON.stringify({ 1: btoa('another pepper of the same id') })
    const key = await mintKey('two', other)
    const answers = new Set<string>()
    for (let i = 0; i < 2_000; i++) answers.add((await decode(counted, i % 2 ? key : `${key}x`)).text)
    expect(answers.size).toBe(1)
    expect(counted.names).toEqual([])
  }, 30_000)
})

/**
 * What is seen within one window of the counter. They are those of the wall clock, so that one may end in between: then
 * nothing is seen, and another network begins anew.
 */
async function inOneWindow<T>(look: (network: number) => Promise<T>): Promise<T> {
  const windowNow = (): number => Math.floor(Date.now() / 10_000)
  for (let network = 100; ; network++) {
    const window = windowNow()
    const seen = await look(network)
    if (windowNow() === window) return seen
  }
}

async function times<T>(count: number, task: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let i = 0; i < count; i++) results.push(await task(i))
  return results
}

describe('C33: bad keys', () => {
  test('C33: are told apart by nothing, and after thirty in ten seconds from one address refused as too many', async () => {
    const seen = await inOneWindow(async (network) => {
      const counted = new CountedKeys()
      const from = `203.0.${network}.7`
      const statuses = await times(40, async () => (await decode(counted, 'vg_nonsense', from)).status)
      return { counted, from, statuses, refused: await decode(counted, 'vg_nonsense', from) }
    })
    const { counted, from, statuses, refused } = seen
    expect(statuses.filter((status) => status === 401)).toHaveLength(30)
    expect(refused.response.headers.get('retry-after')).toBe('10')
    expect(JSON.parse(refused.text)).toMatchObject({ status: 429, code: 'too-many-bad-keys' })
    // Neither a good key from there nor a bad one from elsewhere is concerned.
    expect((await decode(counted, await mintKey(), from)).status).toBe(200)
    expect((await decode(counted, 'vg_nonsense', '203.0.0.8')).status).toBe(401)
    expect(counted.names).toHaveLength(1)
    expect(logged()).not.toContain(from)
  })

  test('T13: are counted together with bad admin tokens', async () => {
    const { statuses, good, key } = await inOneWindow(async (network) => {
      const from = `203.0.${network}.9`
      // Each waits for its answer after a while, so all at once.
      const statuses = await Promise.all(Array.from({ length: 40 }, () => administer('guess', from)))
      const good = await administer(ADMIN_TOKEN, from)
      return { statuses, good, key: (await decode(new CountedKeys(), 'vg_nonsense', from)).status }
    })
    expect(statuses.filter((status) => status === 401)).toHaveLength(30)
    expect(statuses.filter((status) => status === 429)).toHaveLength(10)
    expect(good).toBe(200)
    expect(key).toBe(429)
  })

  test('C33: of one IPv6 customer are counted together', async () => {
    const counted = new CountedKeys()
    const statuses = await inOneWindow((network) =>
      times(35, async (i) => {
        const from = `2001:db8:7:${network}::${i.toString(16)}`
        return (await decode(counted, 'vg_nonsense', from)).status
      }),
    )
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
  })

  test('P18: are refused as ever when the counter fails or is not there', async () => {
    const failing = { limit: () => Promise.reject(new Error('no counter')) }
    expect((await decode(keys, 'vg_nonsense', '203.0.113.9', { BAD_KEYS: failing })).status).toBe(401)
    expect(logged()).toContain('bad-keys-uncounted')
    expect((await decode(keys, 'vg_nonsense', '203.0.113.9', { BAD_KEYS: undefined })).status).toBe(401)
  })
})

describe('who has no key', () => {
  test('has the anonymous plan, by address, which is kept nowhere', async () => {
    const counted = new CountedKeys()
    const from = async (address: string) => (await decode(counted, undefined, address)).status
    expect([await from('198.51.100.1'), await from('198.51.100.1'), await from('198.51.100.1')]).toEqual([
      200, 200, 429,
    ])
    expect([await from('2001:db8::1'), await from('2001:db8::2'), await from('2001:db8::3')]).toEqual([
      200, 200, 429,
    ])
    const names = new Set(counted.names)
    expect(names.size).toBe(2)
    for (const name of names) expect(name).toMatch(/^anonymous:[0-9a-f]{32}$/)
    expect(logged()).not.toMatch(/198\.51|2001|anonymous:/)
  })

  test('shares one account with everybody where nobody says who is who', async () => {
    const counted = new CountedKeys()
    await decode(counted, undefined)
    expect(counted.names).toEqual(['anonymous:everybody'])
  })

  test('is not who has a bad one', async () => {
    expect((await decode(keys, 'vg_nonsense')).status).toBe(401)
  })
})

describe('P18: without its object a key', () => {
  test('P18: is served as far as its limits go, which the isolate counts, and that is said', async () => {
    const lost = lostKeys(() => Promise.reject(new Error('reset')))
    const key = await mintKey()
    const statuses: number[] = []
    for (let i = 0; i < 4; i++) statuses.push((await decode(lost, key)).status)
    expect(statuses).toEqual([200, 200, 429, 429])
    expect(logged()).toContain('"kind":"limits-unreachable","why":"errors"')
  })

  test('P17: stays revoked for this isolate as long as it remembers', async () => {
    const key = await mintKey()
    const counted = new CountedKeys()
    await decode(counted, key)
    const [keyId = ''] = counted.names
    const record = { id: keyId, name: 'one', plan: 'two', models: null, overrides: {} }
    const times = { createdAt: 1, expiryDay: 0, revokedAt: 1, rotatedTo: null }
    await keys.getByName(keyId).configure({ ...record, ...times })
    const revoked = await decode(counted, key)
    expect(revoked.status).toBe(401)
    const after = await decode(
      lostKeys(() => Promise.reject(new Error('reset'))),
      key,
    )
    expect([after.status, after.text]).toEqual([401, revoked.text])
  })
})
