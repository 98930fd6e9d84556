import { describe, expect, test } from 'vitest'
import { expectValue } from '../../test/support/results.ts'
import { readGeometry } from '../models/latent-shape.ts'
import { allModels, builtIn, isServable } from '../models/registry.ts'
import type { Backend } from './backend.ts'
import { type ProbeResult, type ProbeTest, probeBackend } from './probe.ts'
import { smallestDecode } from './smallest-request.ts'
import type { UpstreamRequest } from './upstream.ts'

const BACKEND: Backend = {
  id: 'gpu-1',
  kind: 'vae-backend',
  url: 'https://gpu.example.com/vae',
  token: 'secret',
  models: ['sdxl'],
  slots: 1,
  scaleToZero: false,
  abortable: true,
  shard: undefined,
}

type Answer = Response | Error

interface Asked {
  readonly url: string
  readonly init: RequestInit
}

/** What a probe finds where everything is answered alike, and what it asked. */
async function probe(
  test: ProbeTest,
  answer: Answer,
  changes: Partial<Backend> = {},
): Promise<{ result: ProbeResult; asked: Asked[]; sent: UpstreamRequest[] }> {
  const asked: Asked[] = []
  const sent: UpstreamRequest[] = []
  const give = async (): Promise<Response> => {
    if (answer instanceof Error) throw answer
    return answer
  }
  const result = await probeBackend({ ...BACKEND, ...changes }, test, {
    fetch: (input, init) => {
      asked.push({ url: String(input), init: init ?? {} })
      return give()
    },
    send: (_, request) => {
      sent.push(request)
      return give()
    },
    randomUuid: () => 'attempt-1',
    after: () => () => undefined,
    models: builtIn,
  })
  return { result, asked, sent }
}

const status = (code: number): Response => new Response('body', { status: code })
const found = async (test: ProbeTest, answer: Answer, changes: Partial<Backend> = {}): Promise<ProbeResult> =>
  (await probe(test, answer, changes)).result

const picture = (type = 'image/jpeg'): Response =>
  new Response(new Uint8Array([255, 216]), { headers: { 'content-type': type } })

const SLEEPY = { scaleToZero: true }

describe('whether a backend is there', () => {
  test.each([200, 204, 401, 404, 429])('is shown by any answer of its own: %d', async (code) => {
    const answer = code === 204 ? new Response(null, { status: code }) : status(code)
    expect(await found('health', answer)).toBe('passed')
  })

  test.each([500, 502, 503, 504, 530])('is not shown by %d', async (code) => {
    expect(await found('health', status(code))).toBe('failed')
    expect(await found('wake', status(code))).toBe('failed')
  })

  test('B20: is not asked at wherever a redirect leads', async () => {
    const { asked } = await probe('health', new Response(null, { status: 302 }))
    expect(asked).toHaveLength(1)
    expect(asked[0]?.init.redirect).toBe('manual')
  })

  test('B18: is not known of one that says that it is starting, or cannot be reached and may sleep', async () => {
    for (const kind of ['health', 'wake'] as const) {
      expect(await found(kind, status(503), SLEEPY)).toBe('asleep')
      expect(await found(kind, new TypeError('refused'), SLEEPY)).toBe('asleep')
      expect(await found(kind, status(500), SLEEPY)).toBe('failed')
      expect(await found(kind, new TypeError('refused'))).toBe('failed')
    }
  })

  test.each([
    ['https://gpu.example.com/vae', 'https://gpu.example.com/vae/health'],
    ['https://gpu.example.com/vae/', 'https://gpu.example.com/vae/health'],
    ['https://gpu.example.com', 'https://gpu.example.com/health'],
  ])('is asked below its own address: %s', async (url, expected) => {
    const { asked } = await probe('health', status(200), { url })
    expect(asked.map(({ url }) => url)).toEqual([expected])
  })

  test('is asked with its token, if it has one, and with a limit of time', async () => {
    const headers = async (changes: Partial<Backend>): Promise<Headers> =>
      new Headers((await probe('health', status(200), changes)).asked[0]?.init.headers)
    expect((await headers({})).get('authorization')).toBe('Bearer secret')
    expect((await headers({ token: undefined })).has('authorization')).toBe(false)
    const { asked } = await probe('health', status(200))
    expect(asked[0]?.init.signal).toBeInstanceOf(AbortSignal)
  })

  test('B18: is asked of a Hugging Face endpoint so that it starts, but only when it shall', async () => {
    const asksToStart = async (test: ProbeTest, kind: Backend['kind']): Promise<boolean> => {
      const { asked } = await probe(test, status(200), { kind })
      return new Headers(asked[0]?.init.headers).has('x-scale-up-timeout')
    }
    expect(await asksToStart('wake', 'huggingface')).toBe(true)
    expect(await asksToStart('health', 'huggingface')).toBe(false)
    expect(await asksToStart('wake', 'vae-backend')).toBe(false)
  })

  test('is no question for the embedded preview', async () => {
    const { result, asked } = await probe('health', new Error('asked'), { kind: 'preview', url: undefined })
    expect([result, asked]).toEqual(['passed', []])
    expect(await found('wake', new Error('asked'), { kind: 'preview', url: undefined })).toBe('passed')
  })
})

describe('whether a backend can decode', () => {
  test.each(['image/jpeg', 'image/png', 'application/octet-stream', 'tensor/binary'])(
    'is shown by %s',
    async (type) => {
      expect(await found('decode', picture(type))).toBe('passed')
    },
  )

  test.each(['text/html', 'application/json', 'application/problem+json; charset=utf-8'])(
    'B10: is not shown by %s',
    async (type) => {
      expect(await found('decode', picture(type))).toBe('failed')
    },
  )

  test('is shown by bytes of no declared kind', async () => {
    expect(await found('decode', new Response(new Uint8Array(3)))).toBe('passed')
  })

  test.each([201, 302, 400, 401, 404, 429, 500])('is not shown by %d', async (code) => {
    expect(await found('decode', new Response(null, { status: code }))).toBe('failed')
  })

  test('is not shown by one that starts or cannot be reached', async () => {
    expect(await found('decode', status(503))).toBe('failed')
    expect(await found('decode', status(503), SLEEPY)).toBe('asleep')
    expect(await found('decode', new TypeError('refused'))).toBe('failed')
    expect(await found('decode', new TypeError('refused'), SLEEPY)).toBe('failed')
  })

  test.each([
    ['sdxl', '1,4,8,8', 'image/jpeg', 'pil'],
    ['flux', '1,16,64', 'image/jpeg', 'pil'],
    ['hunyuan-video', '1,16,1,8,8', 'tensor/binary', 'pt'],
  ])('is asked with a latent of the shape that %s takes', async (model, shape, accept, outputType) => {
    const { sent } = await probe('decode', picture(), { models: [model] })
    const [request] = sent
    expect(request?.model).toBe(model)
    expect(request?.query.getAll('shape').join()).toBe(shape)
    expect(request?.query.get('output_type')).toBe(outputType)
    expect(request?.accept).toBe(accept)
    const numbers = shape.split(',').reduce((product, size) => product * Number(size), 1)
    expect(request?.body.byteLength).toBe(2 * numbers)
    expect(new Uint8Array(request?.body ?? new ArrayBuffer()).every((byte) => byte === 0)).toBe(true)
  })

  test.each(allModels.filter(isServable).map((model) => [model.id, model] as const))(
    'is asked for 64 pixels of %s in a shape that it takes',
    (_, model) => {
      const { latent, body } = smallestDecode(model)
      const geometry = expectValue(readGeometry(model, latent.shape, latent.size))
      expect([geometry.batch, geometry.width, geometry.height]).toEqual([1, 64, 64])
      expect(body.byteLength).toBe(2 * latent.shape.reduce((product, size) => product * size, 1))
    },
  )

  test('is asked with the height and width of a packed latent, which do not follow from its shape', async () => {
    const { sent } = await probe('decode', picture(), { models: ['flux'] })
    expect([sent[0]?.query.get('height'), sent[0]?.query.get('width')]).toEqual(['64', '64'])
    const { sent: plain } = await probe('decode', picture())
    expect(plain[0]?.query.has('height')).toBe(false)
  })

  test('is asked with the first model that anybody knows', async () => {
    const { sent } = await probe('decode', picture(), { models: ['unheard-of', 'sdxl'] })
    expect(sent.map(({ model }) => model)).toEqual(['sdxl'])
    expect(await found('decode', picture(), { models: ['unheard-of'] })).toBe('failed')
  })
})

test('no answer is kept: its body is let go', async () => {
  let isCancelled = false
  const body = new ReadableStream({
    cancel() {
      isCancelled = true
    },
  })
  await probe('health', new Response(body))
  expect(isCancelled).toBe(true)
})
