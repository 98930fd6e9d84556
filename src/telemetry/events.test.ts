import { expect, test, vi } from 'vitest'
import { logEvents } from './events.ts'

test('an event is one line of JSON with the time and the request it belongs to', () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const now = Date.parse('2026-11-24T12:00:00.123Z')
  logEvents('r-1', () => now).emit({ kind: 'internal-error', error: 'TypeError\n', at: ['at a\nb'] })
  expect(log).toHaveBeenCalledTimes(1)
  const [line] = log.mock.calls[0] ?? []
  expect(line).not.toContain('\n')
  expect(JSON.parse(String(line))).toEqual({
    time: '2026-11-24T12:00:00.123Z',
    requestId: 'r-1',
    kind: 'internal-error',
    error: 'TypeError\n',
    at: ['at a\nb'],
  })
  log.mockRestore()
})
