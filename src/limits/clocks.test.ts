/** A key at its minute limit while somebody sets the clock of the machine: its own object, and what an isolate remembers. */
import { expect, test } from 'vitest'
import { Machine } from '../../test/support/machine.ts'
import { unwatchedTime } from '../lib/ambient.ts'
import { ownAmbient } from '../lib/own-ambient.ts'
import { type Account, admit, EMPTY_ACCOUNT } from './account.ts'
import { boundsOf, pixelsOf } from './bounds.ts'
import { LimitsClient, LimitsMemory } from './client.ts'
import { KeyClock } from './key-clock.ts'
import type { Limits } from './protocol.ts'
import { quotasOf } from './quotas.ts'

const HOUR = 3_600_000
const LIMITS: Limits = {
  requestsPerMinute: 2,
  megapixelsPerMinute: null,
  concurrency: null,
  megapixelsPerMonth: null,
}
const MINUTE_S = 60

/** A machine with one isolate and the object of one key. */
function world() {
  const machine = new Machine()
  const isolateNow = unwatchedTime(machine.wallNow)
  const clock = new KeyClock(machine.begin().wallNow)
  const memory = new LimitsMemory()
  let account: Account = EMPTY_ACCOUNT
  const ask = async (): Promise<boolean> => {
    const client = new LimitsClient({
      stubOf: () => ({
        admit: async ({ limits, megapixels, wall }) => {
          const times = clock.read(wall)
          const bounds = boundsOf(limits, undefined)
          const admitted = admit(account, pixelsOf(megapixels), bounds, times)
          account = admitted.account
          const quotas = quotasOf(account, bounds, times)
          const handle = { refund: async () => undefined, isGood: async () => true }
          if (admitted.ok) return { ok: true, v: 1, quotas, handle }
          const policies = admitted.violations.map(({ policy }) => policy)
          const retryAfterMs = Math.max(...admitted.violations.map(({ waitMs }) => waitMs))
          return { ok: false, v: 1, why: 'limit', policies, quotas, retryAfterMs }
        },
        status: () => Promise.reject(new Error('is not asked')),
      }),
      findListed: async () => null,
      memory,
      ambient: ownAmbient({ ...machine.begin(), now: isolateNow }),
      defer: () => undefined,
      unreachable: () => undefined,
    })
    return (await client.admit('key', LIMITS, { model: 'sdxl', megapixels: 1 })).ok
  }
  return { machine, ask }
}

const JUMPS = [HOUR, 300_000, 30_000, -300_000, -HOUR]

test.each(JUMPS)(
  'FA7: a key that asks every second is let in after a minute (clock set by %i ms)',
  async (ms) => {
    const { machine, ask } = world()
    expect([await ask(), await ask(), await ask()]).toEqual([true, true, false])
    machine.setClock(ms)
    let waitedS = 0
    do {
      await machine.pass(1_000)
      waitedS++
    } while (!(await ask()) && waitedS < 300)
    expect(waitedS).toBeLessThanOrEqual(MINUTE_S + 1)
  },
)

test.each(JUMPS)(
  'P9: FA7: a key that waits as it was told is let in then (clock set by %i ms)',
  async (ms) => {
    const { machine, ask } = world()
    expect([await ask(), await ask(), await ask()]).toEqual([true, true, false])
    await machine.pass(20_000)
    machine.setClock(ms)
    await machine.pass((MINUTE_S - 20) * 1_000 + 1_000)
    expect(await ask()).toBe(true)
  },
)
