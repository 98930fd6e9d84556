import { expect, test } from 'vitest'
import { problemCodes, problemKind } from '../../../src/errors/codes.ts'
import { classOf, isExplained, titleOf } from './outcome.ts'

test.each(problemCodes)('%s is failed where it is the fault of the gateway or its backends', (code) => {
  const { status } = problemKind(code)
  expect(classOf(code)).toBe(status >= 500 ? 'failed' : status === 499 ? 'left' : 'refused')
})

test('whoever left was not refused, and what broke off has failed', () => {
  expect(['served', 'client-gone', 'client-slow', 'broke-off'].map(classOf)).toEqual([
    'served',
    'left',
    'left',
    'failed',
  ])
})

test('a code of a problem leads to its page, and reads like words', () => {
  expect(titleOf('too-many-requests')).toBe('Too many requests')
  expect(isExplained('too-many-requests')).toBe(true)
  expect(isExplained('served')).toBe(false)
})
