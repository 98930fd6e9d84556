/** What operators are told when a pool's object fails. That all goes well is tested on the real one. */
import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { expectError, expectValue } from '../../test/support/results.ts'
import type { Backend } from '../backends/backend.ts'
import { Membership } from '../pool/membership.ts'
import type { PoolStatus } from '../pool/protocol.ts'
import { poolSchema } from './contract.ts'
import { type PoolControl, PoolDesk } from './pools.ts'

const BACKEND: Backend = {
  id: 'gpu',
  kind: 'vae-backend',
  url: 'https://decoder.example.com/',
  token: undefined,
  models: ['sdxl'],
  slots: 3,
  scaleToZero: false,
  abortable: true,
  shard: undefined,
}

/** As the release before said it. */
const OLD_STATUS: PoolStatus = {
  epoch: 'e',
  queued: 2,
  backends: [
    { id: 'gpu', slots: 3, leases: 1, health: 'ejected', busyForMs: 0, speed: 1, samples: 9, gapMs: 60 },
  ],
}

const never = (): Promise<never> => new Promise(() => undefined)
const gone = (): Promise<never> => Promise.reject(new Error('gone'))

function deskWith(control: Partial<PoolControl>): { desk: PoolDesk; ambient: FakeAmbient } {
  const ambient = new FakeAmbient()
  const whole = {
    status: async () => OLD_STATUS,
    operate: async () => undefined,
    examine: async () => null,
    ...control,
  }
  return {
    ambient,
    desk: new PoolDesk({ membership: new Membership([BACKEND]), controlOf: () => whole, ambient }),
  }
}

describe('a pool', () => {
  test.each([
    ['silent', never],
    ['gone', gone],
  ])('that is %s is reported as out of reach within a second, with what is configured', async (_, status) => {
    const { desk, ambient } = deskWith({ status })
    const report = desk.report()
    await ambient.pass(1_000)
    const [pool] = await report
    expect(pool).toMatchObject({ name: 'gpu', isReachable: false, queued: 0, models: ['sdxl'] })
    expect(pool?.backends).toMatchObject([{ id: 'gpu', state: 'unknown', slots: 3, leases: 0, until: null }])
    expect(poolSchema.parse(pool)).toEqual(pool)
  })

  test('P4: of the release before is reported as far as it speaks', async () => {
    const { desk } = deskWith({})
    const [pool] = await desk.report()
    expect(pool).toMatchObject({ isReachable: true, queued: 2, waitMs: 0 })
    expect(pool?.backends).toMatchObject([
      { state: 'ejected', reason: 'It was taken out for a while.', until: null },
    ])
    expect(poolSchema.parse(pool)).toEqual(pool)
  })
})

describe('an order', () => {
  test.each([
    ['silent', never, 'may have arrived'],
    ['gone', gone, 'cannot be reached'],
  ])('to a pool that is %s is no success', async (_, operate, detail) => {
    const { desk, ambient } = deskWith({ operate })
    const ordered = desk.order('gpu', 'drain')
    await ambient.pass(4_000)
    expect(expectError(await ordered)).toMatchObject({
      code: 'pool-unavailable',
      detail: expect.stringContaining(detail),
    })
  })

  test('is no success when nobody can say what became of it', async () => {
    const { desk } = deskWith({ status: gone })
    expect(expectError(await desk.order('gpu', 'drain')).code).toBe('pool-unavailable')
  })

  test('to look at a backend answers after ten seconds though nothing is found yet', async () => {
    const { desk, ambient } = deskWith({ examine: never })
    const ordered = desk.order('gpu', 'probe')
    await ambient.pass(10_000)
    expect(expectValue(await ordered)).toMatchObject({ id: 'gpu', found: 'pending' })
  })
})
