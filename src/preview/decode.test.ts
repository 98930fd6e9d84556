/** Real latents of photographs, through the embedded decoder, in every form an answer can have. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode as decodePng } from 'fast-png'
import { decode as decodeJpeg } from 'jpeg-js'
import { describe, expect, test } from 'vitest'
import { servable } from '../../test/support/catalog.ts'
import { psnr } from '../../test/support/psnr.ts'
import { expectValue } from '../../test/support/results.ts'
import { expectAnswer } from '../models/answer.ts'
import { readGeometry } from '../models/latent-shape.ts'
import { parseDecodeQuery } from '../wire/decode-query.ts'
import { tensorBytes } from '../wire/dtype.ts'
import { isComplete, pictureSize, sniff } from '../wire/file-magic.ts'
import { negotiate } from '../wire/media-types.ts'
import { decodePreview } from './decode.ts'
import { latentRgb } from './factors/index.ts'
import { Turns } from './turns.ts'

const SAMPLES = [
  {
    model: 'sd-v1',
    file: 'sd-v1.astronaut.1x4x64x64.f16.bin',
    query: 'shape=1,4,64,64&dtype=float16&scaling_factor=0.18215',
    width: 512,
    height: 512,
  },
  {
    model: 'sdxl',
    file: 'sdxl.chelsea.1x4x40x56.f16.bin',
    query: 'shape=1,4,40,56&dtype=float16&scaling_factor=0.13025',
    width: 448,
    height: 320,
  },
  {
    model: 'flux',
    file: 'flux-packed.coffee.1x1536x64.f16.bin',
    query: 'shape=1,1536,64&dtype=float16&scaling_factor=0.3611&shift_factor=0.1159&height=512&width=768',
    width: 768,
    height: 512,
  },
] as const

const sample = (file: string): ArrayBuffer => {
  const bytes = readFileSync(join(import.meta.dirname, '../../samples', file))
  return new Uint8Array(bytes).buffer
}

/** What the preview answers to a query, as the entrypoint asks for it; tensors and files as one piece. */
async function decode(name: string, query: string, accept: string, body: ArrayBuffer) {
  const model = servable(name)
  const rgb = latentRgb(model)
  if (!rgb) throw new Error(`no preview of ${name}`)
  const asked = expectValue(parseDecodeQuery(new URLSearchParams(query)))
  const geometry = expectValue(readGeometry(model, asked.shape, asked.size))
  const outputType = asked.outputType ?? 'pil'
  const { format } = expectValue(negotiate(accept, outputType, asked.imageFormat, model.kind))
  const expected = expectAnswer(model, geometry, format, outputType, asked.partialPostprocess)
  const { byteLength, chunks, dtype } = await decodePreview(
    model,
    rgb,
    geometry,
    asked,
    expected,
    body,
    new Turns(async () => undefined),
  )
  const bytes = new Uint8Array(Buffer.concat(await Array.fromAsync(chunks)))
  expect(bytes.length, 'as long as it said').toBe(byteLength)
  if (expected.kind === 'tensor' && dtype) expect(byteLength).toBe(tensorBytes(expected.shape, dtype))
  return { bytes, dtype, expected }
}

const halves = (bytes: Uint8Array): Float16Array => new Float16Array(new Uint8Array(bytes).buffer)

describe.each(SAMPLES)('$file', ({ model, file, query, width, height }) => {
  const decodePixels = async () =>
    (await decode(model, `${query}&output_type=pt&partial_postprocess=True`, '*/*', sample(file))).bytes
  const once = decodePixels()
  const pixels = () => once

  test('is a PNG of the right size with the pixels of the tensor', async () => {
    const { bytes } = await decode(model, query, 'image/png', sample(file))
    expect([sniff(bytes), isComplete(bytes), pictureSize(bytes)]).toEqual([
      'image/png',
      true,
      { width, height },
    ])
    const decoded = decodePng(bytes)
    expect([decoded.channels, decoded.depth]).toEqual([3, 8])
    expect(Buffer.compare(decoded.data as Uint8Array, await pixels())).toBe(0)
  })

  test('is a JPEG of the right size, close to the pixels of the tensor', async () => {
    const { bytes } = await decode(model, query, 'image/jpeg', sample(file))
    expect([sniff(bytes), isComplete(bytes), pictureSize(bytes)]).toEqual([
      'image/jpeg',
      true,
      { width, height },
    ])
    const decoded = decodeJpeg(bytes, { useTArray: true, formatAsRGBA: false })
    expect(psnr(decoded.data, await pixels())).toBeGreaterThan(35)
  })

  test('is a picture: neither black nor grey, and the same each time', async () => {
    const first = await pixels()
    expect(Buffer.compare(first, await decodePixels())).toBe(0)
    const mean = first.reduce((sum, byte) => sum + byte, 0) / first.length
    const deviation = Math.sqrt(first.reduce((sum, byte) => sum + (byte - mean) ** 2, 0) / first.length)
    expect(mean).toBeGreaterThan(40)
    expect(mean).toBeLessThan(215)
    expect(deviation).toBeGreaterThan(25)
  })

  test('is as float16 in -1..1 what it is as bytes', async () => {
    const { bytes, dtype } = await decode(model, `${query}&output_type=pt`, 'tensor/binary', sample(file))
    expect(dtype).toBe('float16')
    const planes = halves(bytes)
    const interleaved = await pixels()
    const area = width * height
    const worst = interleaved.reduce((worst, byte, i) => {
      const value = planes[(i % 3) * area + Math.floor(i / 3)] ?? 9
      return Math.max(worst, Math.abs((value * 0.5 + 0.5) * 255 - byte))
    }, 0)
    expect(worst).toBeLessThan(0.6)
  })

  test('is the same picture when the client scaled the latent itself', async () => {
    const [, factor = ''] = /scaling_factor=([0-9.]+)/.exec(query) ?? []
    const [, shift = '0'] = /shift_factor=([0-9.]+)/.exec(query) ?? []
    const raw = Float32Array.from(new Float16Array(sample(file)), (z) => z / Number(factor) + Number(shift))
    const unscaled = `${query.replace(/&scaling_factor.*?(?=&height|$)/, '').replace('float16', 'float32')}&do_scaling=False&output_type=pt&partial_postprocess=True`
    const { bytes } = await decode(model, unscaled, '*/*', raw.buffer)
    expect(psnr(bytes, await pixels())).toBeGreaterThan(60)
  })
})

describe('a batch', () => {
  test('of tensors is all of its pictures, of files the first', async () => {
    const one = sample(SAMPLES[0].file)
    const two = new Uint8Array([...new Uint8Array(one.byteLength), ...new Uint8Array(one)]).buffer
    const query = 'shape=2,4,64,64&dtype=float16&scaling_factor=0.18215'
    const single = await decode('sd-v1', `${SAMPLES[0].query}&output_type=pt`, '*/*', one)
    const both = await decode('sd-v1', `${query}&output_type=pt`, '*/*', two)
    expect(both.bytes.length).toBe(2 * single.bytes.length)
    expect(Buffer.compare(both.bytes.subarray(single.bytes.length), single.bytes)).toBe(0)
    const first = decodePng((await decode('sd-v1', query, 'image/png', two)).bytes)
    expect(new Set(first.data).size).toBe(1)
  })
})

describe('a video', () => {
  const shape = [1, 16, 3, 4, 6]
  const latent = Float16Array.from({ length: 16 * 3 * 4 * 6 }, (_, i) => Math.sin(i * 1.7))
  const query = `shape=${shape}&dtype=float16&do_scaling=True`
  const [frames, height, width] = [9, 32, 48]
  const plane = width * height

  test('is an MP4', async () => {
    const { bytes, dtype } = await decode(
      'hunyuan-video',
      `${query}&output_type=mp4`,
      'text/plain',
      latent.buffer,
    )
    expect([sniff(bytes), isComplete(bytes), dtype]).toEqual(['video/mp4', true, undefined])
  })

  test('is [1, 3, F, H, W] in -1..1, [F, 3, H, W] in 0..1 and [F, H, W, 3] as bytes of the same frames', async () => {
    const signed = await decode('hunyuan-video', `${query}&output_type=pt`, '*/*', latent.buffer)
    const unit = await decode('hunyuan-video', `${query}&output_type=pil`, 'tensor/binary', latent.buffer)
    const bytes = await decode(
      'hunyuan-video',
      `${query}&output_type=pt&partial_postprocess=True`,
      '*/*',
      latent.buffer,
    )
    expect([signed, unit, bytes].map(({ expected }) => expected)).toMatchObject([
      { shape: [1, 3, frames, height, width] },
      { shape: [frames, 3, height, width] },
      { shape: [frames, height, width, 3] },
    ])
    const [of3f, off3] = [halves(signed.bytes), halves(unit.bytes)]
    for (const frame of [0, 1, 4, 8]) {
      for (const colour of [0, 1, 2]) {
        for (const pixel of [0, 777, plane - 1]) {
          const value = (of3f[(colour * frames + frame) * plane + pixel] ?? 9) * 0.5 + 0.5
          expect(off3[(frame * 3 + colour) * plane + pixel]).toBeCloseTo(value, 2)
          expect((bytes.bytes[(frame * plane + pixel) * 3 + colour] ?? 0) / 255).toBeCloseTo(value, 2)
        }
      }
    }
  })

  test('holds each picture for the frames of its latent frame', async () => {
    const { bytes } = await decode(
      'hunyuan-video',
      `${query}&output_type=pt&partial_postprocess=True`,
      '*/*',
      latent.buffer,
    )
    const frame = (at: number): Uint8Array => bytes.subarray(at * plane * 3, (at + 1) * plane * 3)
    const isHeld = Array.from(
      { length: frames - 1 },
      (_, at) => Buffer.compare(frame(at), frame(at + 1)) === 0,
    )
    expect(isHeld).toEqual([false, true, true, true, false, true, true, true])
  })
})
