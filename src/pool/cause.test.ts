import { describe, expect, test } from 'vitest'
import {
  backend,
  busy,
  COLD,
  HARD,
  member,
  REFUSED,
  SERVED,
  SOFT,
  TestPool,
  TIMEOUT,
  UNREACHABLE,
} from '../../test/support/pool.ts'
import type { Evidence } from './events.ts'
import type { Cause } from './health-states.ts'
import { overallCause } from './task-health.ts'

describe('the cause', () => {
  test.each<[Cause, readonly Evidence[]]>([
    ['broke-off', [HARD]],
    ['bad-answers', [SOFT, SOFT]],
    ['timeouts', [SOFT, TIMEOUT]],
    ['refused', [REFUSED]],
  ])('is %s after such evidence, once a decode of our own has failed as well', (cause, evidence) => {
    const pool = new TestPool(member('a'), member('b'))
    pool.acquire('asks')
    pool.end('free', 'a')
    pool.report('a', ...evidence)
    expect(overallCause(pool.backend('a'))).toBeNull()
    pool.probed('a', 'decode', 'failed', 'sdxl')
    expect([pool.health('a'), overallCause(pool.backend('a'))]).toEqual(['ejected', cause])
    expect(overallCause(pool.backend('b'))).toBeNull()
  })

  test.each<[Cause, readonly Evidence[]]>([
    ['unreachable', [UNREACHABLE, UNREACHABLE]],
    ['asleep', [COLD]],
  ])('is %s after such evidence', (cause, evidence) => {
    const pool = new TestPool(member('a'), member('b'))
    pool.report('a', ...evidence)
    expect(pool.backend('a').cause).toBe(cause)
    expect(pool.backend('b').cause).toBeNull()
  })

  test('is nothing while no evidence takes the backend out', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.report('a', HARD, SERVED, busy(100), SOFT)
    expect(overallCause(pool.backend('a'))).toBeNull()
  })

  test('stays until the backend serves again, and goes with an order of the operator', () => {
    const pool = new TestPool(
      backend('a', { health: { kind: 'down', until: 9e9, probeAt: 0, isSure: true }, cause: 'refused' }),
    )
    pool.probed('a', 'health', 'passed')
    expect(pool.backend('a')).toMatchObject({ cause: 'refused', health: { kind: 'half-open' } })
    pool.operate('a', 'drain')
    expect(pool.backend('a').cause).toBeNull()
  })

  test('is that it cannot be reached when a probe failed', () => {
    const pool = new TestPool(backend('a', { health: { kind: 'half-open', isProbing: true } }))
    pool.probed('a', 'decode', 'failed')
    expect(pool.backend('a')).toMatchObject({ cause: 'unreachable', health: { kind: 'down' } })
  })
})
