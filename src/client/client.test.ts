import { describe, expect, test, vi } from 'vitest'
import { FakeAmbient, settle } from '../../test/support/fake-ambient.ts'
import { createClient } from './client.ts'
import {
  AuthenticationError,
  BackendError,
  ConnectionError,
  DeadlineError,
  InvalidRequestError,
  RateLimitError,
  UnavailableError,
  UnexpectedAnswerError,
  VaeGatewayError,
} from './errors.ts'
import type { ClientOptions, Progress, Retry } from './options.ts'
import { fromFloats } from './tensor/floats.ts'

const LATENT = fromFloats(new Float32Array(256), [1, 4, 8, 8], 'float16')
const PIXELS = new Uint8Array(12).map((_, index) => index)
const TENSOR_HEADERS = { 'content-type': 'tensor/binary', shape: '[1,2,2,3]', dtype: 'uint8' }
const asPixels = { as: 'tensor', format: 'pixels' } as const

const picture = (headers: Record<string, string> = {}, body: BodyInit = PIXELS): Response =>
  new Response(body, { headers: { ...TENSOR_HEADERS, ...headers } })

const problem = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ title: 'T', status, code, detail: 'D.', requestId: 'r' }), {
    status,
    headers: { 'x-request-id': 'r', ...headers },
  })

/** A client whose requests are answered with these, one after the other. */
function clientOf(answers: (Response | Error)[], options: Partial<ClientOptions> = {}) {
  const ambient = new FakeAmbient()
  const sent: { url: string; init: RequestInit }[] = []
  const fetch = vi.fn((url: string | URL | Request, init: RequestInit = {}) => {
    sent.push({ url: String(url), init })
    const answer = answers.shift()
    if (answer instanceof Response) return Promise.resolve(answer)
    if (answer) return Promise.reject(answer)
    return new Promise<Response>((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
    })
  })
  const client = createClient({ endpoint: 'https://vae.example.com', ambient, fetch, ...options })
  return { client, ambient, sent }
}

/** What a promise that must fail fails of, once time has passed. */
async function failureOf(promise: Promise<unknown>, ambient: FakeAmbient, ms = 0): Promise<unknown> {
  const failed = promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error,
  )
  await ambient.pass(ms)
  return failed
}

describe('an answer', () => {
  test('comes with what the gateway says beside it', async () => {
    const { client } = clientOf([
      picture({
        'x-vae-model': 'sd-v1',
        'x-vae-backend': 'gpu',
        'x-vae-attempts': '2',
        'x-vae-quality': 'preview',
        'x-vae-warning': 'latent-scaled-twice;std=5.17;expected=1.0',
        'server-timing': 'auth;dur=0.1, total;dur=42',
        'x-request-id': 'r-1',
      }),
    ])
    expect(await client.decode(LATENT, asPixels)).toMatchObject({
      tensor: { shape: [1, 2, 2, 3], dtype: 'uint8', data: PIXELS },
      model: 'sd-v1',
      backend: 'gpu',
      attempts: 2,
      quality: 'preview',
      warnings: [{ code: 'latent-scaled-twice', parameters: { std: 5.17, expected: 1 } }],
      timings: { auth: 0.1, total: 42 },
      requestId: 'r-1',
      mediaType: 'tensor/binary',
    })
  })

  test('may be a blob or a stream of a tensor too', async () => {
    const { client } = clientOf([picture(), picture()])
    const { blob } = await client.decode(LATENT, { as: 'blob', format: 'pixels' })
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(PIXELS)
    expect(blob.type).toBe('tensor/binary')
    const { stream } = await client.decode(LATENT, { as: 'stream', format: 'pixels' })
    expect(await new Response(stream).bytes()).toEqual(PIXELS)
  })

  test.each([
    ['too short', picture({}, PIXELS.slice(1)), 'Expected 12 bytes, but 11 came'],
    ['too long', picture({}, new Uint8Array(13)), 'Expected 12 bytes, but 13 came'],
  ])('that is %s is no answer, and as a stream breaks at its end', async (_, short, says) => {
    const whole = clientOf([short.clone()], { retry: false })
    const error = await failureOf(whole.client.decode(LATENT, asPixels), whole.ambient)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ code: 'incomplete-answer', message: expect.stringContaining(says) })
    const { client } = clientOf([short])
    const { stream } = await client.decode(LATENT, { as: 'stream', format: 'pixels' })
    await expect(new Response(stream).arrayBuffer()).rejects.toThrow(says)
  })

  test.each([
    ['another type', { 'content-type': 'text/html' }],
    ['a tensor without a shape', { shape: '' }],
    ['a tensor of an unknown dtype', { dtype: 'float8' }],
  ])('that is %s is of no gateway', async (_, headers) => {
    const { client, ambient } = clientOf([picture(headers)])
    expect(await failureOf(client.decode(LATENT, asPixels), ambient)).toBeInstanceOf(UnexpectedAnswerError)
  })

  test('that is a part of a picture is no answer, though nothing says its length', async () => {
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])
    const { client, ambient } = clientOf([new Response(png, { headers: { 'content-type': 'image/png' } })], {
      retry: false,
    })
    expect(await failureOf(client.decode(LATENT), ambient)).toMatchObject({ code: 'incomplete-answer' })
  })

  test('is told of as it comes', async () => {
    const { client } = clientOf([picture()])
    const seen: Progress[] = []
    await client.decode(LATENT, { ...asPixels, onProgress: (progress) => seen.push(progress) })
    expect(seen[0]).toEqual({ phase: 'sending', bytes: 0, totalBytes: 512 })
    expect(seen.at(-1)).toEqual({ phase: 'receiving', bytes: 12, totalBytes: 12 })
  })
})

describe('a refusal', () => {
  test.each([
    [400, 'length-mismatch', InvalidRequestError],
    [401, 'unauthorized', AuthenticationError],
    [403, 'forbidden', AuthenticationError],
    [422, 'unsupported-shape', InvalidRequestError],
    [429, 'too-many-requests', RateLimitError],
    [500, 'internal-error', BackendError],
    [502, 'upstream-error', BackendError],
    [503, 'no-capacity', UnavailableError],
    [504, 'deadline-exceeded', DeadlineError],
  ])('of %d %s is its own kind of error, with the document', async (status, code, kind) => {
    const { client, ambient } = clientOf([problem(status, code, { 'retry-after': '9' })], { retry: false })
    const error = await failureOf(client.decode(LATENT), ambient)
    expect(error).toBeInstanceOf(kind)
    expect(error).toBeInstanceOf(VaeGatewayError)
    expect(error).toMatchObject({
      name: kind.name,
      message: 'T: D.',
      status,
      code,
      detail: 'D.',
      requestId: 'r',
      retryAfterMs: 9_000,
      problem: { title: 'T', code, requestId: 'r' },
      attempts: 1,
    })
  })

  test.each([200, 204, 301, 404, 520])('of %d by something else says so', async (status) => {
    const answer = new Response(status === 204 ? null : '<html>', { status })
    const { client, ambient } = clientOf([answer], { retry: false })
    const error = await failureOf(client.decode(LATENT), ambient)
    expect(error).toBeInstanceOf(UnexpectedAnswerError)
    expect(error).toMatchObject({ code: 'unexpected-answer', problem: undefined, detail: '' })
  })
})

describe('a request', () => {
  test('is sent again when its time has come, with what was said before', async () => {
    const retries: Retry[] = []
    const { client, ambient, sent } = clientOf([
      problem(503, 'no-capacity', { 'retry-after': '2' }),
      new TypeError('connection lost'),
      picture({}, PIXELS.slice(2)),
      picture(),
    ])
    const decoded = client.decode(LATENT, { ...asPixels, onRetry: (retry) => retries.push(retry) })
    await ambient.pass(1_999)
    expect(sent).toHaveLength(1)
    await ambient.pass(20_000)
    expect((await decoded).tensor.data).toEqual(PIXELS)
    expect(retries.map(({ attempt, error }) => [attempt, error.code])).toEqual([
      [1, 'no-capacity'],
      [2, 'unreachable'],
      [3, 'incomplete-answer'],
    ])
    expect(new Set(sent.map(({ url }) => url)).size).toBe(1)
    expect(ambient.timers).toEqual([])
  })

  test('fails with the last answer once it was sent often enough', async () => {
    const { client, ambient, sent } = clientOf(
      Array.from({ length: 9 }, () => problem(429, 'too-many-requests', { 'retry-after': '1' })),
    )
    const error = await failureOf(client.decode(LATENT), ambient, 60_000)
    expect(error).toMatchObject({ code: 'too-many-requests', attempts: 5 })
    expect(sent).toHaveLength(5)
  })

  test('follows no redirect, which would carry its key elsewhere', async () => {
    const { client, sent } = clientOf([picture()])
    await client.decode(LATENT, asPixels)
    expect(sent[0]?.init.redirect).toBe('manual')
  })

  test('ends at its deadline, of which the gateway is told what is left', async () => {
    const { client, ambient, sent } = clientOf([problem(503, 'cold-start', { 'retry-after': '3' })], {
      deadlineMs: 10_000,
    })
    const error = await failureOf(client.decode(LATENT), ambient, 10_000)
    expect(error).toBeInstanceOf(DeadlineError)
    expect(error).toMatchObject({ code: 'deadline-exceeded', status: undefined })
    const told = sent.map(({ init }) => new Headers(init.headers).get('x-vae-deadline-ms'))
    expect(told[0]).toBe('10000')
    expect(Number(told[1])).toBeLessThanOrEqual(7_000)
    expect(ambient.timers).toEqual([])
  })

  test('does not wait for a try that would come after its deadline', async () => {
    const { client, ambient } = clientOf([problem(503, 'cold-start', { 'retry-after': '20' })])
    const error = await failureOf(client.decode(LATENT, { deadlineMs: 10_000 }), ambient)
    expect(error).toBeInstanceOf(UnavailableError)
  })

  test('ends when its caller wants it no more: on its way, or while it waits for another try', async () => {
    for (const answers of [[], [problem(503, 'cold-start', { 'retry-after': '3' })]]) {
      const { client, ambient } = clientOf(answers)
      const leaving = new AbortController()
      const decoded = client.decode(LATENT, { signal: leaving.signal, deadlineMs: 10_000 })
      decoded.catch(() => undefined)
      await settle()
      leaving.abort(new Error('left'))
      expect(await failureOf(decoded, ambient)).toEqual(new Error('left'))
      expect(ambient.timers).toEqual([])
    }
  })

  test('is not sent for a caller who has left, or with a tensor that is none', async () => {
    const { client, ambient, sent } = clientOf([])
    const left = client.decode(LATENT, { signal: AbortSignal.abort(new Error('left')) })
    expect(await failureOf(left, ambient)).toEqual(new Error('left'))
    await expect(client.decode({ ...LATENT, shape: [1, 4, 8, 9] })).rejects.toThrow('Expected 576 bytes')
    await expect(client.decode(LATENT, { as: 'bitmap' })).rejects.toThrow('createImageBitmap')
    await expect(client.decode(LATENT, { as: 'tensor', format: 'png' })).rejects.toThrow('as a tensor')
    expect(sent).toEqual([])
  })

  test('leaves nothing behind on a signal that many share, whichever way it ends', async () => {
    const { signal } = new AbortController()
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    const { client } = clientOf([picture(), picture(), picture(), problem(422, 'x')])
    await client.decode(LATENT, { ...asPixels, signal })
    await new Response(
      (await client.decode(LATENT, { as: 'stream', format: 'pixels', signal })).stream,
    ).bytes()
    await (await client.decode(LATENT, { as: 'stream', format: 'pixels', signal })).stream.cancel()
    await expect(client.decode(LATENT, { signal })).rejects.toThrow()
    expect(added).toHaveBeenCalledTimes(4)
    expect(removed).toHaveBeenCalledTimes(4)
  })
})

describe('an encode', () => {
  test.each([
    ['a Blob', new Blob([PIXELS])],
    ['bytes', PIXELS],
    ['a buffer', PIXELS.buffer],
  ])('takes the file of a picture as %s', async (_, file) => {
    const { client, sent } = clientOf([picture()])
    await client.encode(file, { model: 'sdxl' })
    expect(await new Response(sent[0]?.init.body).bytes()).toEqual(PIXELS)
    expect(sent[0]?.url).toBe('https://vae.example.com/v1/encode/sdxl?do_scaling=True')
  })
})

describe('the models', () => {
  test('are those that the gateway lists', async () => {
    const { client, sent } = clientOf([Response.json({ models: [{ id: 'sdxl' }] })])
    expect(await client.models()).toEqual([{ id: 'sdxl' }])
    expect(sent[0]?.init.method).toBe('GET')
  })

  test('are none where something else answers', async () => {
    const { client, ambient } = clientOf([new Response('<html>')])
    expect(await failureOf(client.models(), ambient)).toBeInstanceOf(UnexpectedAnswerError)
  })
})
