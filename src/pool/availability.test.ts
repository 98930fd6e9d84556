import { expect, test } from 'vitest'
import { type Availability, availabilityOf } from './availability.ts'
import type { BackendStatus, PoolStatus } from './protocol.ts'

const seen = (id: string, health: BackendStatus['health'], leases = 0): BackendStatus => ({
  id,
  health,
  leases,
  slots: 2,
  busyForMs: 0,
  speed: 1,
  samples: 1,
  gapMs: 0,
})

const pool = (backends: BackendStatus[], waitMs?: number): PoolStatus => ({
  epoch: 'e',
  queued: 0,
  backends,
  ...(waitMs !== undefined && { waitMs }),
})

const TWO = [{ id: 'a' }, { id: 'b' }]

test.each<[what: string, states: BackendStatus['health'][], status: Availability['status'], cold: boolean]>([
  ['one that serves and one that is down', ['down', 'usable'], 'available', false],
  ['one that just came back', ['slow-start', 'cold'], 'available', false],
  ['one that is tried again', ['half-open', 'cold'], 'recovering', false],
  ['one asleep and one taken out', ['cold', 'ejected'], 'cold', true],
  ['none that takes anything', ['down', 'disabled'], 'unavailable', false],
])('a model with %s is what its best backend is', (_, [one, two], status, wouldBeCold) => {
  const heard = [pool([seen('a', one ?? 'usable'), seen('b', two ?? 'usable'), seen('other', 'usable')], 10)]
  expect(availabilityOf(TWO, heard)).toMatchObject({ status, wouldBeCold })
})

test('backends of other models do not count', () => {
  const heard = [pool([seen('a', 'usable'), seen('b', 'usable', 2), seen('other', 'usable')])]
  expect(availabilityOf(TWO, heard)).toMatchObject({ canTakeWork: 2, idle: 1, states: { usable: 2 } })
})

test('a wait is that of the pool which is sooner, in steps that hide a single decode', () => {
  const heard = [pool([seen('a', 'usable')], 2_010), pool([seen('b', 'usable')], 130)]
  expect(availabilityOf(TWO, heard).waitMs).toBe(200)
})

test('a silent pool is unknown, and so is a backend that its pool does not mention', () => {
  expect(availabilityOf(TWO, [undefined])).toEqual({
    status: 'unknown',
    canTakeWork: 0,
    idle: 0,
    wouldBeCold: null,
    waitMs: null,
    states: { unknown: 2 },
  })
  expect(availabilityOf(TWO, [pool([seen('a', 'down')], 0)])).toMatchObject({
    status: 'unknown',
    waitMs: null,
    states: { down: 1, unknown: 1 },
  })
})
