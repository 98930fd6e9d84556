/** The search finds what is there, in every form, and nothing else. */
import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Aviary } from './canary.ts'
import { formNames, formsOf } from './forms.ts'
import { Search } from './search.ts'

const aviary = new Aviary()
const latent = aviary.add('latent', 'a latent', randomBytes(512))
const agent = aviary.add('header', 'a header', aviary.text('header', 'a text'))
const search = new Search([latent, agent])

const around = (pattern: Buffer, before: number): Buffer =>
  Buffer.concat([randomBytes(before), pattern, randomBytes(77)])

describe.each([
  ['bytes', latent],
  ['text', agent],
])('%s that stand anywhere are found', (_, canary) => {
  test.each(formNames.map((name, index) => [name, index] as const))('as %s', (_, index) => {
    for (const before of [0, 1, 2, 3, 1_001]) {
      const [form] = formsOf(canary.bytes.subarray(0, 16), 0).slice(index)
      const found = search.in(around(form?.pattern ?? Buffer.alloc(0), before))
      expect(found.map(({ canary }) => canary)).toContain(canary)
    }
  })

  test.each([0, 1, 2, 3, 4, 5])('in base64 of a whole that begins %d bytes before', (before) => {
    const whole = Buffer.concat([randomBytes(before), canary.bytes, randomBytes(9)])
    for (const encoding of ['base64', 'base64url'] as const) {
      const forms = search.in(Buffer.from(`{"x":"${whole.toString(encoding)}"}`)).map(({ form }) => form)
      expect(forms.some((form) => /^base64/.test(form))).toBe(true)
    }
  })

  test.each([
    ['gzip', (whole: Buffer) => around(gzipSync(whole), 100)],
    ['zlib', (whole: Buffer) => around(deflateSync(whole), 100)],
    ['deflate', (whole: Buffer) => deflateRawSync(whole)],
    ['brotli', (whole: Buffer) => brotliCompressSync(whole)],
    ['zstd', (whole: Buffer) => zstdCompressSync(whole)],
    ['gzip in base64', (whole: Buffer) => Buffer.from(`x ${gzipSync(whole).toString('base64')}`)],
    ['gzip in gzip', (whole: Buffer) => gzipSync(gzipSync(whole))],
  ])('in %s', (kind, pack) => {
    const text = Buffer.concat([Buffer.alloc(300, '.'), canary.bytes, Buffer.alloc(300, '-')])
    expect(search.in(pack(text)).map(({ form }) => form)).toContain(`raw in ${kind}`)
  })

  test('in a gzip stream that was cut', () => {
    const whole = gzipSync(Buffer.concat([canary.bytes, randomBytes(5_000)]))
    expect(search.in(whole.subarray(0, -2_000)).length).toBeGreaterThan(0)
  })

  test('when only its end is there', () => {
    expect(search.in(canary.bytes.subarray(-16)).map(({ canary }) => canary)).toContain(canary)
  })
})

test('nothing is found where nothing is', () => {
  expect(search.in(randomBytes(1_000_000))).toEqual([])
  expect(search.in(Buffer.alloc(1_000))).toEqual([])
  expect(search.in(Buffer.alloc(0))).toEqual([])
})

test('a canary that could be anything is refused', () => {
  expect(() => new Search([new Aviary().add('latent', 'zeros', Buffer.alloc(512))])).toThrow(
    /nothing to know/,
  )
})
