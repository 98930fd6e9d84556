import { expect, test } from 'vitest'
import type { BackendStatus, PoolReport } from '../../admin/contract.ts'
import { openScreen } from '../terminal/screen.ts'
import { describePools } from './frame.ts'

const NOW = Date.parse('2026-11-23T08:00:00Z')

const BACKEND: BackendStatus = {
  id: 'sdxl-us-1',
  models: ['sdxl'],
  kind: 'huggingface',
  state: 'usable',
  reason: '',
  until: null,
  slots: 2,
  leases: 1,
  busyForMs: 0,
  speed: 1.234,
  samples: 9,
  gapMs: 12.3,
}
const POOL: PoolReport = {
  name: 'sdxl-us-1',
  shard: null,
  models: ['sdxl', 'pixart-sigma'],
  isReachable: true,
  queued: 3,
  waitMs: 1_240,
  backends: [BACKEND],
}

test('a pool says what waits and how each backend is', () => {
  const ejected: BackendStatus = {
    ...BACKEND,
    id: 'b',
    state: 'ejected',
    reason: 'It was taken out for a while: it answers with errors.',
    until: '2026-11-23T08:00:25Z',
    samples: 0,
    busyForMs: 1_500,
  }
  expect(describePools([{ ...POOL, backends: [BACKEND, ejected] }], 120, NOW)).toEqual([
    'pool sdxl-us-1: 3 waiting, the next starts in 1.2 s',
    '  models: sdxl, pixart-sigma',
    '  BACKEND    STATE    BUSY  SPEED    GAP  NOTE',
    '  sdxl-us-1  usable    1/2  x1.23  12 ms',
    '  b          ejected   1/2      -      -  it answers with errors, for 25 s more, asked for 1.5 s',
  ])
})

test('nothing is wider than 80 columns, whatever the names and reasons', () => {
  const long = 'a-backend-with-a-name-of-the-greatest-length-that-an-id-can-have'
  const reason = 'It is out of reach: connections to it break off before it answers, again and again.'
  const backend = { ...BACKEND, id: long, state: 'slow-start', reason } as const
  const models = Array.from({ length: 40 }, (_, index) => `model-${index}`)
  const pool = { ...POOL, name: long, shard: 'europe', models, backends: [backend, BACKEND] }
  const lines = describePools([pool, pool], 80, NOW)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(lines.filter((line) => line === '')).toHaveLength(1)
})

test('a pool whose object is away says so, and so does a gateway without pools', () => {
  expect(describePools([{ ...POOL, isReachable: false, shard: 'eu' }], 80, NOW)[0]).toBe(
    'pool sdxl-us-1 (eu): its object does not answer',
  )
  expect(describePools([], 80, NOW)).toEqual(['The gateway has no pools.'])
})

test('a screen is drawn over, line by line, and given back as it was', () => {
  const written: string[] = []
  const screen = openScreen({ rows: 5, write: (text) => written.push(text) })
  screen.draw(['a', 'b'])
  screen.draw(Array.from({ length: 9 }, (_, index) => `line ${index}`))
  screen.close()
  screen.close()
  screen.draw(['late'])
  expect(written).toEqual([
    '\u001b[?1049h\u001b[?25l',
    '\u001b[Ha\u001b[K\nb\u001b[K\n\u001b[J',
    '\u001b[Hline 0\u001b[K\nline 1\u001b[K\nline 2\u001b[K\n… 6 more lines; make the terminal higher\u001b[K\n\u001b[J',
    '\u001b[?25h\u001b[?1049l',
  ])
})
