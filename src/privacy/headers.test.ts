import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { upstreamHeaders } from './request-headers.ts'
import { passedHeaders } from './response-headers.ts'

const FACTS = { accept: 'image/png', attemptId: 'attempt-1', remainingMs: 1_234.5 }

describe('to a backend', () => {
  test('go these headers and no other', () => {
    expect(Object.fromEntries(upstreamHeaders(FACTS, 'hf_token'))).toEqual({
      accept: 'image/png',
      'accept-encoding': 'identity',
      authorization: 'Bearer hf_token',
      'content-type': 'tensor/binary',
      'user-agent': 'vae-gateway',
      'x-attempt-id': 'attempt-1',
      'x-vae-deadline-ms': '1235',
    })
  })

  test('P9: goes the time that is left, which is never less than none', () => {
    const late = upstreamHeaders({ ...FACTS, remainingMs: -3 }, undefined)
    expect(late.get('x-vae-deadline-ms')).toBe('0')
  })

  test('goes no authorization where there is no token', () => {
    expect(upstreamHeaders(FACTS, undefined).has('authorization')).toBe(false)
  })
})

describe('to a client', () => {
  test('pass what a backend says of its quality, weights and time', () => {
    const from = new Headers({
      'x-vae-quality': 'preview',
      'x-weights': 'madebyollin/taesd@1.0+fp16',
      'x-compute-ms': '12.5',
    })
    expect(passedHeaders(from)).toEqual({
      'x-vae-quality': 'preview',
      'x-weights': 'madebyollin/taesd@1.0+fp16',
      'x-compute-ms': '12.5',
    })
  })

  test('T11: passes nothing else', () => {
    const from = new Headers([
      ['set-cookie', 'a=b'],
      ['server', 'uvicorn'],
      ['location', 'https://elsewhere.example/'],
      ['content-type', 'text/html'],
      ['access-control-allow-origin', 'null'],
      ['x-vae-backend', 'another'],
      ['x-request-id', 'another'],
      ['x-weights-url', 'https://x2d.endpoints.huggingface.cloud/'],
    ])
    expect(passedHeaders(from)).toEqual({})
  })

  test.each([
    ['nothing', ''],
    ['a tag', '<script>'],
    ['a quote', '"taesd"'],
    ['a list', 'a, b'],
    ['a parameter', 'a;b'],
    ['a letter beyond ASCII', 'caf\u00e9'],
    ['a tab', 'a\tb'],
    ['more than it needs', 'a'.repeat(129)],
  ])('B22: passes no value with %s', (_, value) => {
    expect(passedHeaders(new Headers({ 'x-weights': value }))).toEqual({})
  })

  test('passes a value of the greatest length', () => {
    const value = 'a'.repeat(128)
    expect(passedHeaders(new Headers({ 'x-weights': value }))).toEqual({ 'x-weights': value })
  })

  test('B22: passes no value that a second header or a page could hide in', () => {
    const value = fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    })
    fc.assert(
      fc.property(value, (value) => {
        const passed = passedHeaders(new Headers({ 'x-weights': value }))['x-weights'] ?? ''
        expect(passed).toMatch(/^[\w .:@/+=-]{0,128}$/)
      }),
      { ...seeded, numRuns: 1_000 },
    )
  })
})
