import { describe, expect, test } from 'vitest'
import { timingsOf } from './timings.ts'

const timings = (computeMs: string | undefined, kind: 'image' | 'tensor' | 'video' = 'tensor') =>
  timingsOf(new Headers(computeMs === undefined ? {} : { 'x-compute-ms': computeMs }), kind, 300)

describe('the times of an attempt', () => {
  test.each([
    ['250', 250],
    ['250.4', 250.4],
    ['0.1', 0.1],
    ['350', 350],
  ])('have the decode time as the backend says it: %s', (text, computeMs) => {
    expect(timings(text)).toEqual({ attemptMs: 300, computeMs, decoded: true })
  })

  test.each([undefined, '', '0', '-1', '1e2', 'NaN', 'soon', '351', '99999999', '0x10', ' 1 2'])(
    'T21: have none where a backend says nothing, nonsense, or more than the attempt took: %s',
    (text) => {
      expect(timings(text)).toEqual({ attemptMs: 300, decoded: true })
    },
  )

  test('of a video end with its headers, because the rest is at the pace of the client', () => {
    expect(timings(undefined, 'video')).toEqual({ attemptMs: 300, computeMs: 300, decoded: true })
    expect(timings('120', 'video')).toEqual({ attemptMs: 300, computeMs: 120, decoded: true })
  })

  test('have the size of batches that a backend claims, if it can be believed', () => {
    const capacity = (text: string) =>
      timingsOf(new Headers({ 'x-batch-capacity': text }), 'tensor', 300).capacity
    expect(['1', '8', '256'].map(capacity)).toEqual([1, 8, 256])
    expect(['0', '257', '1e3', '-4', '8 8', ''].map(capacity)).toEqual(Array(6).fill(undefined))
  })
})
