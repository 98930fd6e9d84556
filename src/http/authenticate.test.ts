import { expect, test } from 'vitest'
import { KeyRing } from '../auth/key-ring.ts'
import { authenticate } from './authenticate.ts'
import type { Services } from './context.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const COUNT = 100_000

/** Services of which nothing may be touched but what proves a key. */
function onlyProofs(keyRing: KeyRing): Services {
  const allowed = {
    keyRing,
    config: { anonymous: null, knowsAddresses: false },
    badKeys: undefined,
    events: {},
  }
  return new Proxy(allowed as unknown as Services, {
    get(services, name) {
      if (!(name in services)) throw new Error(`${String(name)} was asked for`)
      return Reflect.get(services, name)
    },
  })
}

test('C33: 100,000 forged and garbled keys are refused alike, without asking anybody', async () => {
  const ours = await KeyRing.import([[1, new Uint8Array(32).fill(1)]])
  const theirs = await KeyRing.import([[1, new Uint8Array(32).fill(2)]])
  const services = onlyProofs(ours)
  const answers = new Set<string>()
  for (let index = 0; index < COUNT; index++) {
    const keyId = index.toString(16).padStart(16, '0')
    const forged = await theirs.mint({ keyId, expiryDay: 0, plan: index & 0xffff })
    const key = index % 4 === 0 ? forged.slice(0, -1) : forged
    const request = new Request('https://gateway.example/sdxl', {
      headers: { authorization: `Bearer ${key}` },
    })
    const refused = await authenticate(request, undefined, services, NOW)
    if (refused.ok) throw new Error(`${keyId} got in`)
    answers.add(JSON.stringify(refused.error))
  }
  expect(answers.size).toBe(1)
  expect([...answers][0]).toContain('unauthorized')
}, 120_000)
