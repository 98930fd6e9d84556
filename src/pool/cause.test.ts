import { describe, expect, test } from 'vitest'
import { backend, member, TestPool } from '../../test/support/pool.ts'
import type { Evidence } from './events.ts'
import type { Cause } from './health-states.ts'

describe('the cause', () => {
  const three = <T>(one: T): T[] => [one, one, one]
  test.each<[Cause, readonly Evidence[]]>([
    ['broke-off', three({ kind: 'hard' })],
    ['unreachable', three({ kind: 'unreachable' })],
    ['bad-answers', three({ kind: 'soft' })],
    ['timeouts', [{ kind: 'soft' }, { kind: 'soft' }, { kind: 'soft', isTimeout: true }]],
    ['refused', [{ kind: 'misconfigured' }]],
    ['asleep', [{ kind: 'cold' }]],
  ])('is %s after such evidence', (cause, evidence) => {
    const pool = new TestPool(member('a'), member('b'))
    pool.report('a', ...evidence)
    expect(pool.backend('a').cause).toBe(cause)
    expect(pool.backend('b').cause).toBeNull()
  })

  test('is nothing while no evidence takes the backend out', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.report(
      'a',
      { kind: 'hard' },
      { kind: 'served' },
      { kind: 'busy', retryAfterMs: 100 },
      { kind: 'soft' },
    )
    expect(pool.backend('a').cause).toBeNull()
  })

  test('stays until the backend serves again, and goes with an order of the operator', () => {
    const pool = new TestPool(
      backend('a', { health: { kind: 'down', until: 9e9, probeAt: 0 }, cause: 'refused' }),
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
