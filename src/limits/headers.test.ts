import { expect, test } from 'vitest'
import { rateLimitHeaders } from './headers.ts'
import type { Quota } from './protocol.ts'

const QUOTAS: Quota[] = [
  { policy: 'requests', limit: 600, windowS: 60, remaining: 599, resetMs: 59_001 },
  { policy: 'megapixels', limit: 120.5, windowS: 60, remaining: 0.9, resetMs: 12_000 },
  { policy: 'concurrency', limit: 4, windowS: null, remaining: 3, resetMs: 0 },
  { policy: 'month', limit: 100_000, windowS: 2_592_000, remaining: 99_999.7, resetMs: 1 },
]

test('say in whole numbers what is allowed and what is left of it', () => {
  expect(rateLimitHeaders(QUOTAS)).toEqual({
    'ratelimit-policy':
      '"requests";q=600;w=60, "megapixels";q=120;qu="megapixels";w=60, "concurrency";q=4;qu="concurrent-requests", "month";q=100000;qu="megapixels";w=2592000',
    ratelimit: '"requests";r=599;t=60, "megapixels";r=0;t=12, "concurrency";r=3;t=0, "month";r=99999;t=1',
  })
})

test('are structured fields: lists of strings with integer and string parameters', () => {
  const item = /^"[a-z]+"(;[a-z]+=([0-9]{1,15}|"[a-z-]+"))+$/
  for (const value of Object.values(rateLimitHeaders(QUOTAS))) {
    for (const member of value.split(', ')) expect(member).toMatch(item)
  }
})

test('are left out where nothing is limited', () => {
  expect(rateLimitHeaders([])).toEqual({})
})
