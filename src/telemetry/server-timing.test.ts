import { expect, test } from 'vitest'
import { formatServerTiming } from './server-timing.ts'

test('writes spans in the order they were measured, to a tenth of a millisecond', () => {
  expect(formatServerTiming({ auth: 0.1249, upload: 3, queue: 0, backend: 1234.56, total: 1237.68 })).toBe(
    'auth;dur=0.1, upload;dur=3, queue;dur=0, backend;dur=1234.6, total;dur=1237.7',
  )
})

test('writes nothing when nothing was measured', () => {
  expect(formatServerTiming({})).toBe('')
})
