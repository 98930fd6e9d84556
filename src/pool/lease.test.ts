import { describe, expect, test } from 'vitest'
import { FakeAmbient, settle } from '../../test/support/fake-ambient.ts'
import { HARD, SERVED, SOFT } from '../../test/support/pool.ts'
import { localLease } from './lease.ts'
import { ObjectLease, type RemoteGrant, type RemoteLease } from './object-lease.ts'
import { type AdoptRequest, PROTOCOL_VERSION } from './protocol.ts'

const TIMINGS = { attemptMs: 300, computeMs: 250, decoded: true }
const reset = () => Promise.reject(new Error('Durable Object reset'))

/** A lease, and a diary of what the pool hears of it. */
function setUp(
  options: {
    renew?: () => Promise<void>
    adopted?: 'lease' | 'nothing' | 'error'
    v?: number
    isTrusted?: boolean
  } = {},
) {
  const diary: string[] = []
  const ambient = new FakeAmbient()
  const deferred: Promise<unknown>[] = []
  let adopt = (): void => {}
  const remote = (name: string): RemoteLease => ({
    free: async ({ decoded }) => void diary.push(`${name}: free ${decoded}`),
    report: async ({ kind }) => void diary.push(`${name}: ${kind}`),
    renew: name === 'old' && options.renew ? options.renew : async () => void diary.push(`${name}: renew`),
    resize: async (predictedMs) => void diary.push(`${name}: resize ${predictedMs}`),
    [Symbol.dispose]: () => void diary.push(`${name}: dispose`),
  })
  const grant: RemoteGrant = {
    ok: true,
    v: options.v ?? PROTOCOL_VERSION,
    epoch: 'e',
    backendId: 'gpu-1',
    startsInMs: 20,
    expectedMs: 9_000,
    isLearnt: true,
    poolWaitMs: 0,
    ...(options.isTrusted && { isTrusted: true }),
    lease: remote('old'),
    [Symbol.dispose]: () => void diary.push('old: dispose'),
  }
  const lease = new ObjectLease(grant, {
    predictedMs: 6_000,
    ambient,
    defer: (task) => deferred.push(task),
    adopt: (request: AdoptRequest) =>
      new Promise((resolve, reject) => {
        diary.push(`adopt after ${request.elapsedMs}`)
        adopt = () => {
          if (options.adopted === 'error') reject(new Error('gone again'))
          else resolve(options.adopted === 'nothing' ? null : remote('new'))
        }
      }),
    learn: ({ kind }) => void diary.push(`learnt ${kind}`),
    leave: () => void diary.push('left'),
  })
  return { lease, diary, ambient, deferred, adopt: () => adopt(), grant }
}

describe('a lease', () => {
  test('says what the pool foretold', () => {
    const { lease } = setUp()
    expect(lease).toMatchObject({ backendId: 'gpu-1', startsInMs: 20, expectedMs: 9_000, isLearnt: true })
  })

  test('P4: of an object of the release before has a guess', () => {
    const old = { ok: true, v: 1, backendId: 'gpu-1', lease: {} } as unknown as RemoteGrant
    const { ambient } = setUp()
    const nothing = () => undefined
    const parts = { predictedMs: 700, ambient, defer: nothing, learn: nothing, leave: nothing }
    const lease = new ObjectLease(old, { ...parts, adopt: async () => null })
    expect(lease).toMatchObject({ startsInMs: 0, expectedMs: 700, isLearnt: false })
  })

  test('is freed once, with the times of the attempt', async () => {
    const { lease, diary } = setUp()
    lease.free(TIMINGS)
    lease.free({ decoded: false })
    lease[Symbol.dispose]()
    lease[Symbol.dispose]()
    expect(diary).toEqual(['left', 'old: free true', 'left', 'old: dispose'])
  })

  test('for a part of its job says so once, and expects its share', async () => {
    const { lease, diary, deferred } = setUp()
    lease.resize(2_000)
    lease.resize(2_000)
    await Promise.all(deferred)
    expect(lease.expectedMs).toBe(3_000)
    expect(diary).toEqual(['old: resize 2000'])
    lease.free({ decoded: true })
    lease.resize(1_000)
    expect(lease.expectedMs).toBe(3_000)
  })

  test('that is disposed is not freed any more: the pool decides', () => {
    const { lease, diary } = setUp()
    lease[Symbol.dispose]()
    lease.free(TIMINGS)
    expect(diary).toEqual(['left', 'old: dispose'])
  })

  test('tells at once that it is free, as the next job may be waiting for it', async () => {
    const { lease, diary, ambient } = setUp()
    lease.free(TIMINGS)
    expect(diary).toEqual(['left', 'old: free true'])
    expect(ambient.timers).toEqual([])
  })

  test('keeps the context of its request until the object was told that it is free', async () => {
    const told = Promise.withResolvers<void>()
    const { lease, deferred, grant } = setUp()
    Object.assign(grant.lease, { free: () => told.promise })
    lease.free(TIMINGS)
    let isOver = false
    void Promise.all(deferred).then(() => {
      isOver = true
    })
    await settle()
    expect([deferred.length, isOver]).toEqual([1, false])
    told.resolve()
    await settle()
    expect(isOver).toBe(true)
  })

  test('tells a pool that trusts its backend of good answers only where another backend had failed', async () => {
    const { lease, diary } = setUp({ isTrusted: true })
    await lease.report(SERVED)
    await lease.report({ ...SERVED, instead: ['gpu-2'] })
    await lease.report(SOFT)
    expect(diary).toEqual(['learnt served', 'learnt served', 'old: served', 'learnt soft', 'old: soft'])
  })

  test('P4: tells an object of the release before, which does not say that it trusts, of all answers', async () => {
    const { lease, diary } = setUp({ v: 2 })
    lease.free(TIMINGS)
    await lease.report(SERVED)
    expect(diary).toEqual(['left', 'old: free true', 'learnt served', 'old: served'])
  })

  test('passes evidence to the pool, and to what this isolate knows', async () => {
    const { lease, diary } = setUp()
    await lease.report(SOFT)
    expect(diary).toEqual(['learnt soft', 'old: soft'])
  })

  test('P2: of an object that is gone is given back without a fuss', async () => {
    const { lease, deferred, grant } = setUp()
    Object.assign(grant.lease, { free: reset, report: reset })
    await lease.report(HARD)
    lease.free(TIMINGS)
    lease[Symbol.dispose]()
    await expect(Promise.all(deferred)).resolves.toHaveLength(2)
  })
})

describe('P10: a lease that is kept', () => {
  test('is renewed every 5 s', async () => {
    const { lease, diary, ambient } = setUp()
    lease.keep()
    lease.keep()
    await ambient.pass(4_999)
    expect(diary).toEqual([])
    await ambient.pass(10_001)
    expect(diary).toEqual(['old: renew', 'old: renew', 'old: renew'])
  })

  test.each([
    ['freed', (lease: ObjectLease) => lease.free(TIMINGS)],
    ['disposed', (lease: ObjectLease) => lease[Symbol.dispose]()],
  ])('is not renewed when it is %s', async (_, end) => {
    const { lease, diary, ambient } = setUp()
    lease.keep()
    end(lease)
    lease.keep()
    await ambient.pass(20_000)
    expect(ambient.timers).toEqual([])
    expect(diary).not.toContain('old: renew')
  })
})

describe('P2: a lease whose object was reset', () => {
  test('is adopted by its next life, and is what it was', async () => {
    const { lease, diary, ambient, adopt } = setUp({ renew: reset })
    lease.keep()
    await ambient.pass(5_000)
    adopt()
    await ambient.pass(5_000)
    await lease.report(SERVED)
    lease.free(TIMINGS)
    lease[Symbol.dispose]()
    await settle()
    expect(diary).toEqual([
      'adopt after 5000',
      'new: renew',
      'learnt served',
      'new: served',
      'left',
      'new: free true',
      'left',
      'old: dispose',
      'new: dispose',
    ])
  })

  test.each([
    ['freed', (lease: ObjectLease) => lease.free(TIMINGS), 'new: free true'],
    ['disposed', (lease: ObjectLease) => lease[Symbol.dispose](), 'new: dispose'],
  ])('and is %s while it is adopted is given back to the next life', async (_, end, last) => {
    const { lease, diary, ambient, adopt } = setUp({ renew: reset })
    lease.keep()
    await ambient.pass(5_000)
    end(lease)
    adopt()
    await settle()
    expect(diary.at(-1)).toBe(last)
    lease[Symbol.dispose]()
    expect(diary.filter((line) => line === 'new: dispose')).toHaveLength(1)
  })

  test('is adopted once, however long that takes', async () => {
    const { lease, diary, ambient } = setUp({ renew: reset })
    lease.keep()
    await ambient.pass(30_000)
    expect(diary).toEqual(['adopt after 5000'])
  })

  test.each(['nothing', 'error'] as const)('goes on where its next life has %s for it', async (adopted) => {
    const { lease, diary, ambient, adopt, deferred } = setUp({ renew: reset, adopted })
    lease.keep()
    await ambient.pass(5_000)
    adopt()
    await ambient.pass(5_000)
    expect(diary).toEqual(['adopt after 5000', 'adopt after 10000'])
    adopt()
    await Promise.all(deferred)
  })

  test('P4: is left alone where the object is only too old to renew', async () => {
    const { lease, diary, ambient } = setUp({
      renew: () => Promise.reject(new TypeError('does not implement the method "renew"')),
    })
    lease.keep()
    await ambient.pass(5_000)
    expect(diary).toEqual([])
  })
})

test('P6: a lease without an object ends what is counted, and tells this isolate alone', async () => {
  const diary: string[] = []
  const lease = localLease('gpu-1', {
    predictedMs: 200,
    learn: ({ kind }) => void diary.push(`learnt ${kind}`),
    leave: () => void diary.push('left'),
  })
  lease.keep()
  await lease.report(SOFT)
  lease.free({ decoded: true })
  lease[Symbol.dispose]()
  expect(diary).toEqual(['learnt soft', 'left', 'left'])
  expect(lease).toMatchObject({ isLocal: true, isLearnt: false, expectedMs: 200 })
})
