import { describe, expect, test } from 'vitest'
import { readExposition } from '../../test/support/exposition.ts'
import { BusiestKeys } from './busiest-keys.ts'
import { Counts } from './counts.ts'
import { exposition, familiesOf, reading, readingsOf, readingsOfKeys } from './exposition.ts'
import { metricNames, metricOf } from './metrics.ts'

describe('the table', () => {
  test.each(metricNames)('%s is named by the conventions of Prometheus', (name) => {
    const { type, help, labels, buckets } = metricOf(name)
    expect(name).toMatch(/^vae_gateway(_[a-z]+)+$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    expect(name).not.toMatch(/milli|_ms|minutes|kilo|mega(?!pixels)/)
    expect(help).toMatch(/^[A-Z].*\.$/)
    for (const label of labels) expect(label).toMatch(/^[a-z]+$/)
    expect(new Set([...labels, 'pool', 'le']).size).toBe(labels.length + 2)
    expect(buckets !== undefined).toBe(type === 'histogram')
    expect(buckets?.toSorted((a, b) => a - b) ?? []).toEqual(buckets ?? [])
  })
})

describe('the text', () => {
  test('has what every source has counted, each metric in one place, and what two pools count apart', () => {
    const counts = new Counts()
    counts.add('vae_gateway_requests_total', ['sdxl', 'served'], 3)
    counts.observe('vae_gateway_upload_duration_seconds', [], 0.2)
    counts.observe('vae_gateway_upload_duration_seconds', [], 200)
    const readings = readingsOf(counts.tally)
    const text = exposition(
      familiesOf([
        { labels: { pool: 'a' }, readings },
        { labels: { pool: 'b' }, readings },
      ]),
    )
    const scraped = readExposition(text)
    expect(text).toContain('vae_gateway_requests_total{pool="a",model="sdxl",outcome="served"} 3\n')
    expect(scraped.total('vae_gateway_requests_total')).toBe(6)
    const bucket = (le: string): number =>
      scraped.total('vae_gateway_upload_duration_seconds_bucket', { pool: 'b', le })
    expect(['0.1', '0.25', '120', '+Inf'].map(bucket)).toEqual([0, 1, 1, 2])
    expect(scraped.total('vae_gateway_upload_duration_seconds_sum', { pool: 'b' })).toBeCloseTo(200.2)
  })

  test('escapes what a label may not hold', () => {
    const model = 'a "b"\\'
    const text = exposition(
      familiesOf([
        {
          labels: { pool: 'line\nfeed' },
          readings: [reading('vae_gateway_megapixels_total', [model], 1e-7)],
        },
      ]),
    )
    expect(readExposition(text).series).toEqual([
      { name: 'vae_gateway_megapixels_total', labels: { pool: 'line\nfeed', model }, value: 1e-7 },
    ])
  })

  test('names so many keys and no more, and all others together', () => {
    const keys = new BusiestKeys(2)
    for (const key of ['a', 'b', 'c']) keys.add(key, 'served', 1, 0)
    const { series, total } = readExposition(
      exposition(familiesOf([{ labels: { pool: 'p' }, readings: readingsOfKeys(keys.use) }])),
    )
    expect(new Set(series.map(({ labels }) => labels.key))).toEqual(new Set(['b', 'c', 'other']))
    expect(total('vae_gateway_key_requests_total')).toBe(3)
  })
})

test.each([
  ['a value that is no number', '# HELP a b\n# TYPE a gauge\na one\n'],
  ['a series twice', '# HELP a b\n# TYPE a gauge\na 1\na 1\n'],
  [
    'a metric in two places',
    '# HELP a b\n# TYPE a gauge\na 1\n# HELP c d\n# TYPE c gauge\nc 1\n# HELP a b\n',
  ],
  ['a sample without a type', '# HELP a b\na 1\n'],
  ['a counter that is not called one', '# HELP a b\n# TYPE a counter\na 1\n'],
  ['an escape that there is not', '# HELP a b\n# TYPE a gauge\na{l="\\t"} 1\n'],
  [
    'a histogram that does not rise',
    '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
  ],
  ['a histogram without its count', '# HELP a b\n# TYPE a histogram\na_bucket{le="+Inf"} 1\na_sum 1\n'],
  ['a last line that does not end', '# HELP a b\n# TYPE a gauge\na 1'],
])('the reader of these tests does not take %s', (_, text) => {
  expect(() => readExposition(text)).toThrow()
})
