import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient } from '../client.ts'
import { ConnectionError } from '../errors.ts'
import type { Progress } from '../options.ts'
import { fromFloats } from '../tensor/floats.ts'

/** What a page has: it is told what happens by the test. */
class FakeXhr {
  static last: FakeXhr
  readonly upload = { onprogress: (_: object) => undefined, onload: () => undefined }
  readonly headers: Record<string, string> = {}
  status = 0
  response = new ArrayBuffer()
  responseHeaders = ''
  isAborted = false
  onload = (): void => undefined
  onerror = (): void => undefined
  onprogress = (_: object): void => undefined
  constructor() {
    FakeXhr.last = this
  }
  open(): void {}
  send(): void {}
  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value
  }
  getAllResponseHeaders(): string {
    return this.responseHeaders
  }
  abort(): void {
    this.isAborted = true
  }
}

beforeEach(() => {
  vi.stubGlobal('XMLHttpRequest', FakeXhr)
})
afterEach(() => vi.unstubAllGlobals())

const LATENT = fromFloats(new Float32Array(256), [1, 4, 8, 8], 'float16')
const client = createClient({ endpoint: 'https://vae.example.com', apiKey: 'k', retry: false })

test('a page is told how far its upload is, and gets its answer', async () => {
  const seen: Progress[] = []
  const decoded = client.decode(LATENT, {
    as: 'tensor',
    format: 'pixels',
    onProgress: (progress) => seen.push(progress),
  })
  const xhr = FakeXhr.last
  expect(xhr.headers).toMatchObject({ authorization: 'Bearer k', accept: 'tensor/binary' })
  xhr.upload.onprogress({ loaded: 300, total: 512, lengthComputable: true })
  xhr.upload.onload()
  xhr.onprogress({ loaded: 3, total: 12, lengthComputable: true })
  xhr.status = 200
  xhr.response = new ArrayBuffer(12)
  xhr.responseHeaders = 'content-type: tensor/binary\r\nshape: [1,2,2,3]\r\ndtype: uint8\r\n'
  xhr.onload()
  expect((await decoded).tensor).toEqual({ shape: [1, 2, 2, 3], dtype: 'uint8', data: new Uint8Array(12) })
  expect(seen.slice(0, 4)).toEqual([
    { phase: 'sending', bytes: 0, totalBytes: 512 },
    { phase: 'sending', bytes: 300, totalBytes: 512 },
    { phase: 'waiting', bytes: 0, totalBytes: undefined },
    { phase: 'receiving', bytes: 3, totalBytes: 12 },
  ])
})

test('a page that leaves takes its request with it', async () => {
  const leaving = new AbortController()
  const decoded = client.decode(LATENT, { signal: leaving.signal, onProgress: () => undefined })
  leaving.abort(new Error('left'))
  await expect(decoded).rejects.toThrow('left')
  expect(FakeXhr.last.isAborted).toBe(true)
})

test('a connection that fails is one', async () => {
  const decoded = client.decode(LATENT, { onProgress: () => undefined })
  FakeXhr.last.onerror()
  await expect(decoded).rejects.toBeInstanceOf(ConnectionError)
})

const ignore = (): void => undefined

test.each([
  ['nobody asks how far it is', {}, {}],
  ['somebody wants a stream', { as: 'stream', onProgress: ignore }, {}],
  ['it is given another fetch', { onProgress: ignore }, { fetch: vi.fn() }],
] as const)('fetch is used where %s', async (_, options, given) => {
  const fetcher = vi.fn(() => Promise.reject(new TypeError('no network')))
  vi.stubGlobal('fetch', fetcher)
  const own = 'fetch' in given ? { fetch: fetcher } : {}
  const { decode } = createClient({ endpoint: 'https://vae.example.com', retry: false, ...own })
  await expect(decode(LATENT, options)).rejects.toThrow('cannot be reached')
  expect(fetcher).toHaveBeenCalledOnce()
})
