import { describe, expect, test } from 'vitest'
import { Counts } from './counts.ts'
import { metricOf } from './metrics.ts'

const requests = (counts: Counts) => counts.tally.get('vae_gateway_requests_total')

describe('counts', () => {
  test('add up by the values of the labels', () => {
    const counts = new Counts()
    counts.add('vae_gateway_requests_total', ['sdxl', 'served'])
    counts.add('vae_gateway_requests_total', ['sdxl', 'served'], 2)
    counts.add('vae_gateway_requests_total', ['flux', 'served'])
    expect(requests(counts)).toEqual(
      new Map([
        ['sdxl\nserved', 3],
        ['flux\nserved', 1],
      ]),
    )
  })

  test.each([
    [0.05, 0],
    [0.0501, 1],
    [120, 10],
    [121, 11],
  ])('put %s seconds into the bucket whose bound it does not pass', (seconds, at) => {
    const counts = new Counts()
    counts.observe('vae_gateway_upload_duration_seconds', [], seconds)
    const count = counts.tally.get('vae_gateway_upload_duration_seconds')?.get('') as number[]
    expect(count.slice(0, -1).indexOf(1)).toBe(at)
    expect(count.at(-1)).toBe(seconds)
    expect(count).toHaveLength((metricOf('vae_gateway_upload_duration_seconds').buckets?.length ?? 0) + 2)
  })

  test('are taken once', () => {
    const counts = new Counts()
    counts.add('vae_gateway_requests_total', ['sdxl', 'served'])
    expect(counts.take().size).toBe(1)
    expect(counts.isEmpty).toBe(true)
    expect(counts.take().size).toBe(0)
  })

  test('of two are as if one had counted all of it, and leave the other alone', () => {
    const [here, there] = [new Counts(), new Counts()]
    for (const counts of [here, there]) {
      counts.add('vae_gateway_requests_total', ['sdxl', 'served'])
      counts.observe('vae_gateway_upload_duration_seconds', [], 1)
    }
    here.merge(there.tally)
    here.merge(there.tally)
    expect(requests(here)?.get('sdxl\nserved')).toBe(3)
    expect(requests(there)?.get('sdxl\nserved')).toBe(1)
    const histogram = here.tally.get('vae_gateway_upload_duration_seconds')?.get('') as number[]
    expect(histogram.at(-1)).toBe(3)
  })

  test('of another release are taken as far as they are understood', () => {
    const counts = new Counts()
    counts.merge(
      new Map<string, Map<string, number | number[]>>([
        ['vae_gateway_of_tomorrow_total', new Map([['x', 1]])],
        ['vae_gateway_upload_duration_seconds', new Map([['', [1, 2, 3]]])],
        ['vae_gateway_requests_total', new Map<string, number | number[]>([['a\nb', [1]]])],
        ['vae_gateway_received_bytes_total', new Map([['sdxl', 5]])],
      ]),
    )
    expect([...counts.tally].filter(([, series]) => series.size > 0)).toEqual([
      ['vae_gateway_received_bytes_total', new Map([['sdxl', 5]])],
    ])
  })

  test('have no more series than they may, however many labels come, and say how many were left out', () => {
    const counts = new Counts(10)
    for (let i = 0; i < 10_000; i++) {
      counts.add('vae_gateway_requests_total', [`model-${i}`, 'served'])
      counts.observe('vae_gateway_request_duration_seconds', [`model-${i}`], 1)
    }
    counts.merge(new Map([['vae_gateway_requests_total', new Map([['another\nserved', 1]])]]))
    expect(requests(counts)?.size).toBe(10)
    expect(counts.tally.get('vae_gateway_request_duration_seconds')?.size).toBe(10)
    expect(counts.tally.get('vae_gateway_series_dropped_total')).toEqual(
      new Map([
        ['vae_gateway_requests_total', 9_991],
        ['vae_gateway_request_duration_seconds', 9_990],
      ]),
    )
  })
})
