/** The client against a real gateway, from Node. */
import { readFileSync } from 'node:fs'
import { decode as decodePng } from 'fast-png'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  AuthenticationError,
  ConnectionError,
  createClient,
  fromFloats,
  InvalidRequestError,
  type Progress,
  type Retry,
  readTensor,
  type Tensor,
  toFloats,
  UnavailableError,
  writeSafetensors,
} from '../../src/client/index.ts'
import { isComplete, sniff } from '../../src/wire/file-magic.ts'
import { pictureFile } from '../support/answers.ts'
import { answer, head, pictureOf, reset, serve } from '../support/behaviours.ts'
import { uniqueLatent } from '../support/client.ts'
import { startFakeBackend } from '../support/fake-backend.ts'
import { stage } from '../support/stage.ts'
import { tensorOf, toolkit } from '../support/toolkit.ts'

const encoder = await startFakeBackend(toolkit)
afterAll(() => encoder.stop())

const on = stage((url) => ({
  BACKENDS: [
    { id: 'gpu', url, models: ['sd-v1'], slots: 4 },
    { id: 'encoder', url: encoder.url, models: ['sdxl'], operations: ['encode'] },
    { id: 'preview', kind: 'preview', models: ['sdxl', 'wan-2.1'], slots: 2 },
  ],
}))

const clientOf = (options: { apiKey?: string } = {}) =>
  createClient({ endpoint: on.gateway.url, apiKey: on.gateway.key, ...options })

/** Requests leave a line in the log, which is looked for by their id. */
let serial = 0
function owed(): string {
  const id = `client-test-${++serial}`
  on.gateway.owed.push(id)
  return id
}

const latentOf = (data = uniqueLatent()): Tensor & { readonly data: Uint8Array<ArrayBuffer> } => ({
  shape: [1, 4, 8, 8],
  dtype: 'float16',
  data,
})

const sample = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../samples/${name}`, import.meta.url)))

const chelsea = () =>
  readTensor(sample('sdxl.chelsea.1x4x40x56.f16.bin'), { shape: [1, 4, 40, 56], dtype: 'float16' })

describe('a latent', () => {
  test('becomes a picture of its size', async () => {
    const { blob, model, quality, timings } = await clientOf().decode(await chelsea(), {
      model: 'sdxl',
      requestId: owed(),
    })
    const { width, height } = decodePng(new Uint8Array(await blob.arrayBuffer()))
    expect([width, height, blob.type]).toEqual([448, 320, 'image/png'])
    expect({ model, quality }).toEqual({ model: 'sdxl', quality: 'preview' })
    expect(Object.keys(timings)).toEqual(expect.arrayContaining(['auth', 'queue', 'backend', 'total']))
  })

  test('becomes a tensor of floats, in the dtype that is wanted', async () => {
    const { tensor } = await clientOf().decode(await chelsea(), {
      model: 'sdxl',
      as: 'tensor',
      outputDtype: 'float32',
      requestId: owed(),
    })
    expect(tensor).toMatchObject({ shape: [1, 3, 320, 448], dtype: 'float32' })
    const floats = toFloats(tensor)
    expect(Math.max(...floats.subarray(0, 10_000))).toBeLessThanOrEqual(1.2)
    expect(new Set(floats).size).toBeGreaterThan(1_000)
  })

  test('becomes the bytes that the backend made, whole or as a stream', async () => {
    const latent = latentOf()
    const options = { model: 'sd-v1', format: 'pixels' } as const
    const { tensor } = await clientOf().decode(latent, { ...options, as: 'tensor', requestId: owed() })
    expect(tensor).toMatchObject({ shape: [1, 64, 64, 3], dtype: 'uint8' })
    expect(pictureOf(latent.data).equals(tensor.data as Uint8Array)).toBe(true)
    const { stream } = await clientOf().decode(latent, { ...options, as: 'stream', requestId: owed() })
    expect(pictureOf(latent.data).equals(await new Response(stream).bytes())).toBe(true)
  })

  test('of a video becomes an MP4', async () => {
    const latent = fromFloats(
      Array.from({ length: 16 * 3 * 8 * 8 }, (_, index) => Math.sin(index / 99)),
      [1, 16, 3, 8, 8],
      'bfloat16',
    )
    const { blob } = await clientOf().decode(latent, { model: 'wan-2.1', requestId: owed() })
    const video = new Uint8Array(await blob.arrayBuffer())
    expect([blob.type, sniff(video), isComplete(video)]).toEqual(['video/mp4', 'video/mp4', true])
  })

  test('that looks wrong comes with a warning, or is refused where that is wanted', async () => {
    const latent = fromFloats(new Float32Array(256), [1, 4, 8, 8], 'float32')
    const options = { model: 'sdxl' }
    const { warnings } = await clientOf().decode(latent, { ...options, requestId: owed() })
    expect(warnings.map(({ code }) => code)).toEqual(['latent-all-zero'])
    const refused = clientOf().decode(latent, { ...options, strict: true, requestId: owed() })
    await expect(refused).rejects.toMatchObject({ status: 422, code: 'latent-suspicious' })
  })

  test('is followed on its way up and down', async () => {
    const seen: Progress[] = []
    const latent: Tensor = { shape: [1, 4, 256, 256], dtype: 'float16', data: uniqueLatent(256) }
    await clientOf().decode(latent, {
      model: 'sd-v1',
      as: 'blob',
      format: 'pixels',
      requestId: owed(),
      onProgress: (progress) => seen.push(progress),
    })
    const bytesOf = (phase: Progress['phase']): number[] =>
      seen.filter((each) => each.phase === phase).map(({ bytes }) => bytes)
    expect(bytesOf('sending').length).toBeGreaterThan(2)
    expect(bytesOf('receiving').at(-1)).toBe(2048 * 2048 * 3)
    for (const phase of ['sending', 'receiving'] as const) {
      expect(bytesOf(phase)).toEqual(bytesOf(phase).toSorted((a, b) => a - b))
    }
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(['sending', 'waiting', 'receiving'])
  })
})

describe('a picture', () => {
  test('becomes a latent, from its file', async () => {
    const file = new Uint8Array(pictureFile(48, 40, 'image/png'))
    const { tensor, model } = await clientOf().encode(file, { model: 'sdxl', requestId: owed() })
    expect(tensor).toMatchObject({ shape: [1, 4, 5, 6], dtype: 'float16' })
    expect(model).toBe('sdxl')
    const { query, body } = encoder.requests.at(-1) ?? {}
    expect([query?.get('scaling_factor'), body?.equals(file)]).toEqual(['0.13025', true])
    expect((await readTensor(writeSafetensors(tensor))).data).toEqual(tensor.data)
  })

  test('becomes a latent, from its numbers, on its way watched', async () => {
    const pixels = fromFloats(new Float32Array(3 * 16 * 16), [1, 3, 16, 16], 'float32')
    const seen: Progress[] = []
    const { stream } = await clientOf().encode(pixels, {
      model: 'sdxl',
      as: 'stream',
      scaling: 'none',
      requestId: owed(),
      onProgress: (progress) => seen.push(progress),
    })
    expect(
      tensorOf(encoder.requests.at(-1)?.body as Buffer, 32).equals(await new Response(stream).bytes()),
    ).toBe(true)
    expect(seen.at(-1)).toEqual({ phase: 'receiving', bytes: 32, totalBytes: 32 })
  })
})

test('the models say what can be done with them here', async () => {
  const models = await clientOf({ apiKey: 'none' }).models()
  const sdxl = models.find(({ id }) => id === 'sdxl')
  expect(sdxl).toMatchObject({ kind: 'image', channels: 4, served: true, spatialCompression: 8 })
  expect(sdxl?.operations.toSorted()).toEqual(['decode', 'encode'])
})

describe('what fails', () => {
  test('is told by its kind, with the gateway’s own words', async () => {
    const wrong = clientOf().decode(latentOf(), { model: 'wan-2.1', requestId: owed() })
    const error = await wrong.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(InvalidRequestError)
    expect(error).toMatchObject({
      status: 422,
      code: 'unsupported-shape',
      requestId: `client-test-${serial}`,
    })
    const locked = clientOf({ apiKey: 'vg_wrong' }).decode(latentOf(), { requestId: owed() })
    await expect(locked).rejects.toBeInstanceOf(AuthenticationError)
  })

  test('in passing is tried again as the gateway says, until it is well', async () => {
    const latent = latentOf()
    const retries: Retry[] = []
    let refusals = 2
    // A backend that asks for time; the gateway waits no longer than its client.
    on.backend.behaviour = (socket, request) =>
      refusals-- > 0
        ? answer('503 Service Unavailable', 'busy', { 'retry-after': '1' })(socket, request)
        : serve(socket, request)
    const { tensor } = await clientOf().decode(latent, {
      model: 'sd-v1',
      as: 'tensor',
      format: 'pixels',
      onRetry: (retry) => retries.push(retry),
      requestId: owed(),
    })
    on.gateway.owed.push(...retries.map(() => `client-test-${serial}`))
    expect(pictureOf(latent.data).equals(tensor.data as Uint8Array)).toBe(true)
    expect(retries.every(({ error }) => error instanceof UnavailableError)).toBe(true)
  })

  test('in the middle of a stream breaks the stream, and never shortens it', async () => {
    const server = await startFakeBackend((socket) => {
      const headers = { 'content-type': 'tensor/binary', shape: '[1,64,64,3]', dtype: 'uint8' }
      socket.write(head({ headers: { ...headers, connection: 'close' } }))
      socket.end(new Uint8Array(5_000))
    })
    onTestFinished(() => server.stop())
    const client = createClient({ endpoint: server.url, retry: false })
    const options = { model: 'sd-v1', format: 'pixels' } as const
    const { stream } = await client.decode(latentOf(), { ...options, as: 'stream' })
    await expect(new Response(stream).arrayBuffer()).rejects.toThrow('Expected 12288 bytes, but 5000 came')
    await expect(client.decode(latentOf(), { ...options, as: 'tensor' })).rejects.toBeInstanceOf(
      ConnectionError,
    )
  })

  test('on the way to the gateway is tried again too', async () => {
    const latent = latentOf()
    let resets = 2
    const server = await startFakeBackend((socket, request) =>
      resets-- > 0 ? reset(socket, request) : serve(socket, request),
    )
    onTestFinished(() => server.stop())
    const client = createClient({ endpoint: server.url })
    const { tensor } = await client.decode(latent, { as: 'tensor', format: 'pixels' })
    expect(pictureOf(latent.data).equals(tensor.data as Uint8Array)).toBe(true)
    expect(server.requests).toHaveLength(3)
  })

  test('because its caller left closes the connection', async () => {
    const closed = Promise.withResolvers<void>()
    const leaving = new AbortController()
    const server = await startFakeBackend((socket) => {
      socket.on('close', () => closed.resolve())
      leaving.abort()
    })
    onTestFinished(() => server.stop())
    const client = createClient({ endpoint: server.url })
    await expect(client.decode(latentOf(), { signal: leaving.signal })).rejects.toThrow(DOMException)
    await closed.promise
    expect(server.requests).toHaveLength(1)
  })
})
