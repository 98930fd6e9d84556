/** Forms of the protocol beside the usual one: JSON and base64 both ways, other dtypes, videos under their name. */
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { readFloats, writeFloats } from '../../src/wire/tensor.ts'
import { pictureFile, serveFile, serveTensor, VIDEO_FILE } from '../support/answers.ts'
import { pictureOf } from '../support/behaviours.ts'
import {
  decode,
  pictureQuery,
  problemOf,
  rawConnection,
  rawDecode,
  uniqueLatent,
  withHead,
} from '../support/client.ts'
import { mintKey } from '../support/gateway.ts'
import { normalNoise } from '../support/noise.ts'
import { soon, stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [{ id: 'gpu', url, models: ['sd-v1', 'flux', 'hunyuan-video'], slots: 4 }],
  DISPATCH: { commitBytes: 1_000_000 },
  PLANS: { three: { requestsPerMinute: 3 } },
}))

const THREE = { requestsPerMinute: 3, megapixelsPerMinute: null, concurrency: null, megapixelsPerMonth: null }

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

interface Opened {
  readonly inputs: string
  readonly parameters: { shape?: number[]; dtype?: string; media_type?: string }
}
const open = async (response: Response) => {
  const { inputs, parameters } = (await response.json()) as Opened
  return { bytes: Buffer.from(inputs, 'base64'), parameters }
}

/** A request in JSON; the headers say how. */
const inJson = (path: string, body: unknown, headers: Record<string, string>) =>
  decode(on.gateway, path, JSON.stringify(body), { headers })

const JSON_BODY = { 'content-type': 'application/json' }

describe('a latent in JSON', () => {
  test('has its parameters beside it and is scaled by its model, as the pilot did', async () => {
    const latent = uniqueLatent()
    const png = pictureFile(64, 64, 'image/png')
    on.backend.behaviour = serveFile(png)
    const parameters = { shape: [1, 4, 8, 8], dtype: 'float16' }
    const response = await inJson(
      '/sd-v1',
      { inputs: base64(latent), parameters },
      { ...JSON_BODY, accept: 'image/png' },
    )
    expect(response.status).toBe(200)
    expect(Buffer.from(await response.arrayBuffer()).equals(png)).toBe(true)
    const [sent] = on.backend.requests
    expect(sent?.body.equals(latent)).toBe(true)
    expect(sent?.headers['content-type']).toBe('tensor/binary')
    expect(sent?.query.toString()).toBe(
      'image_format=jpg&output_type=pil&partial_postprocess=False&shape=1&shape=4&shape=8&shape=8&dtype=float16&do_scaling=True',
    )
  })

  test('may have its parameters in the query instead', async () => {
    const latent = uniqueLatent()
    const headers = { 'content-type': 'tensor/base64' }
    const response = await inJson(`/sd-v1?${pictureQuery()}`, { inputs: base64(latent) }, headers)
    expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
  })

  test('loses the axis that SD.Next gave it', async () => {
    on.backend.behaviour = serveFile(pictureFile(64, 64, 'image/jpeg'))
    const inputs = base64(uniqueLatent(8, 16))
    const parameters = { shape: [1, 1, 16, 64], dtype: 'float16', height: 64, width: 64 }
    const response = await inJson('/flux', { inputs, parameters }, { ...JSON_BODY, accept: 'image/jpeg' })
    expect(response.status).toBe(200)
    expect(on.backend.requests[0]?.query.getAll('shape')).toEqual(['1', '16', '64'])
  })

  test.each([
    ['what is no JSON', 'x', 422, 'invalid-body'],
    ['JSON without a latent', '{}', 422, 'invalid-body'],
    ['a latent that is not base64', '{"inputs": "%"}', 422, 'invalid-body'],
    ['a latent without a shape', '{"inputs": "AAAA"}', 422, 'invalid-parameter'],
    [
      'a latent of another length',
      '{"inputs": "AAAA", "parameters": {"shape": [1, 4, 8, 8], "dtype": "float16"}}',
      422,
      'length-shape-mismatch',
    ],
  ])('is told what is wrong with %s', async (_, body, status, code) => {
    const response = await decode(on.gateway, '/sd-v1', body, { headers: JSON_BODY })
    expect(await problemOf(response)).toMatchObject({ status, code })
    expect(on.backend.requests).toEqual([])
  })

  test('is bounded, for JSON is in memory three times', async () => {
    const socket = await rawConnection(on.gateway)
    const request = rawDecode(on.gateway, '/sd-v1', new Uint8Array(), { declared: 12_000_001 })
    socket.write(withHead(request, (head) => head.replace('tensor/binary', 'application/json')))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413/)
    socket.destroy()
  })

  test('needs its length declared', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{}'))
        controller.close()
      },
    })
    const init = { headers: JSON_BODY, duplex: 'half' } as RequestInit
    expect(await problemOf(await decode(on.gateway, '/sd-v1', body, init))).toMatchObject({ status: 411 })
  })
})

describe('an answer in JSON', () => {
  test.each(['application/json', 'tensor/base64'])(
    'has a tensor, its shape and its dtype: %s',
    async (accept) => {
      const latent = uniqueLatent()
      const response = await decode(on.gateway, `/sd-v1?${pictureQuery()}`, latent, { headers: { accept } })
      expect(response.headers.get('content-type')).toBe(accept)
      expect(on.backend.requests[0]?.headers.accept).toBe('tensor/binary')
      const { bytes, parameters } = await open(response)
      expect(parameters).toEqual({ shape: [1, 64, 64, 3], dtype: 'uint8' })
      expect(bytes.equals(pictureOf(latent))).toBe(true)
    },
  )

  test('has a picture as the file it is', async () => {
    const png = pictureFile(64, 64, 'image/png')
    on.backend.behaviour = serveFile(png)
    const query = pictureQuery().replace('output_type=pt', 'output_type=pil').replace('jpg', 'png')
    const response = await decode(on.gateway, `/sd-v1?${query}`, uniqueLatent(), {
      headers: { accept: 'application/json' },
    })
    const { bytes, parameters } = await open(response)
    expect(parameters).toEqual({ media_type: 'image/png' })
    expect(bytes.equals(png)).toBe(true)
  })

  test('is refused before a backend works, where it would be too large', async () => {
    const response = await decode(on.gateway, `/sd-v1?${pictureQuery(80)}`, uniqueLatent(80), {
      headers: { accept: 'application/json' },
    })
    expect(await problemOf(response)).toMatchObject({ status: 422, code: 'conversion-too-large' })
    expect(on.backend.requests).toEqual([])
  })

  test('is refused when a file turns out too large; it is charged, and gives back its slot and its place', async () => {
    const key = await mintKey({ plan: 'three' })
    on.backend.behaviour = serveFile(
      Buffer.concat([pictureFile(1024, 1024, 'image/png'), Buffer.alloc(1_000_001)]),
    )
    const query = pictureQuery(128).replace('output_type=pt', 'output_type=pil').replace('jpg', 'png')
    const response = await decode(on.gateway, `/sd-v1?${query}`, uniqueLatent(128), {
      headers: { accept: 'application/json', authorization: `Bearer ${key}` },
    })
    expect(await problemOf(response)).toMatchObject({ status: 422, code: 'conversion-too-large' })
    expect(on.backend.requests).toHaveLength(1)
    await soon(async () => {
      const { quotas, inFlight } = await on.gateway.keyObject(key).status(THREE)
      expect([quotas[0]?.remaining, inFlight]).toEqual([2, 0])
      expect((await on.gateway.poolStatus('gpu')).backends[0]?.leases).toBe(0)
    })
  })
})

describe('another dtype', () => {
  const SHAPE = [1, 3, 64, 64]
  const numbers = normalNoise(5, 3 * 64 * 64)
  const query = pictureQuery().replace('partial_postprocess=True', 'partial_postprocess=False')
  const ask = (dtype: string, accept = 'tensor/binary') =>
    decode(on.gateway, `/sd-v1?${query}&output_dtype=${dtype}`, uniqueLatent(), { headers: { accept } })
  const bfloat16 = new Uint8Array(writeFloats(numbers.slice(), 'bfloat16'))

  test.each(['float16', 'float32'] as const)('of bfloat16 is %s when that is asked for', async (dtype) => {
    on.backend.behaviour = serveTensor(SHAPE, 'bfloat16', bfloat16)
    const response = await ask(dtype)
    expect([response.headers.get('dtype'), response.headers.get('shape')]).toEqual([dtype, '[1,3,64,64]'])
    const values = readFloats(await response.arrayBuffer(), dtype)
    expect(values).toHaveLength(numbers.length)
    // Eight binary digits of a bfloat16.
    expect(
      values.every((value, i) => Math.abs(value - (numbers[i] ?? 0)) <= 2 ** -8 * Math.abs(value) + 1e-7),
    ).toBe(true)
  })

  test('is the same bytes when the backend has it already', async () => {
    on.backend.behaviour = serveTensor(SHAPE, 'bfloat16', bfloat16)
    const response = await ask('bfloat16')
    expect(Buffer.from(await response.arrayBuffer()).equals(bfloat16)).toBe(true)
  })

  test('may come in JSON as well', async () => {
    on.backend.behaviour = serveTensor(SHAPE, 'bfloat16', bfloat16)
    const { bytes, parameters } = await open(await ask('float32', 'application/json'))
    expect([parameters.dtype, bytes.length]).toEqual(['float32', numbers.length * 4])
  })

  test('leaves a picture in bytes alone', async () => {
    const latent = uniqueLatent()
    const response = await decode(on.gateway, `/sd-v1?${pictureQuery()}&output_dtype=float32`, latent)
    expect(response.headers.get('dtype')).toBe('uint8')
    expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
  })

  test('is refused where the answer is too large to be held', async () => {
    const large = query.replaceAll('shape=8', 'shape=128')
    const response = await decode(on.gateway, `/sd-v1?${large}&output_dtype=float32`, uniqueLatent(128))
    expect(await problemOf(response)).toMatchObject({ status: 422, code: 'conversion-too-large' })
  })
})

test.each([
  ['video/mp4', 'video/mp4'],
  ['*/*', 'video/mp4'],
  ['text/plain', 'text/plain'],
])('a video goes to a client that accepts %s as %s', async (accept, type) => {
  on.backend.behaviour = serveFile(VIDEO_FILE)
  const query = 'output_type=mp4&shape=1&shape=16&shape=1&shape=8&shape=8&dtype=float16&do_scaling=True'
  const response = await decode(on.gateway, `/hunyuan-video?${query}`, uniqueLatent(8, 16), {
    headers: { accept },
  })
  expect(response.headers.get('content-type')).toBe(type)
  expect(on.backend.requests[0]?.headers.accept).toBe('text/plain')
  expect(Buffer.from(await response.arrayBuffer()).equals(VIDEO_FILE)).toBe(true)
})

test.each(['text/html', 'image/webp', 'application/xml;q=0.9', 'tensor/binary;q=0'])(
  'an Accept of %s is refused with the list of what can be given',
  async (accept) => {
    const response = await decode(on.gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent(), {
      headers: { accept },
    })
    const problem = await problemOf(response)
    expect(problem.code).toBe('not-acceptable')
    expect(problem.detail).toBe(
      'Expected Accept to allow tensor/binary or tensor/base64 or application/json.',
    )
  },
)

test('a latent without Content-Type is taken for what the query says', async () => {
  const latent = uniqueLatent()
  const response = await fetch(`${on.gateway.url}/sd-v1?${pictureQuery()}`, {
    method: 'POST',
    body: latent,
    headers: { authorization: `Bearer ${on.gateway.key}`, accept: '*/*', 'x-request-id': 'no-type' },
  })
  on.gateway.owed.push('no-type')
  expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
})
