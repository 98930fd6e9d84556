import { describe, expect, test } from 'vitest'
import type { Cause, Health, TaskHealth } from '../pool/health-states.ts'
import { describeHealth } from './reasons.ts'

const STATES: readonly (Health | TaskHealth)['kind'][] = [
  'slow-start',
  'ejected',
  'down',
  'cold',
  'half-open',
  'drained',
  'disabled',
]
const CAUSES: readonly Cause[] = [
  'unreachable',
  'broke-off',
  'bad-answers',
  'timeouts',
  'refused',
  'busy',
  'asleep',
]

describe('the reason of a state', () => {
  test('is empty for a backend that serves', () => {
    expect(describeHealth('usable', null)).toBe('')
  })

  test('is a sentence of its own for each other state', () => {
    const reasons = STATES.map((state) => describeHealth(state, null))
    expect(new Set(reasons).size).toBe(STATES.length)
    for (const reason of reasons) expect(reason).toMatch(/^[A-Z].*\.$/)
  })

  test('tells every cause apart', () => {
    for (const state of ['ejected', 'down', 'half-open'] as const) {
      expect(new Set(CAUSES.map((cause) => describeHealth(state, cause))).size).toBe(CAUSES.length)
    }
  })
})
