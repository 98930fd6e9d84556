/** How like the photograph a preview is, where real latents and their photographs are at hand. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode as decodePng } from 'fast-png'
import { describe, expect, test } from 'vitest'
import { servable } from '../../test/support/catalog.ts'
import { psnr } from '../../test/support/psnr.ts'
import { expectValue } from '../../test/support/results.ts'
import { expectAnswer } from '../models/answer.ts'
import { readGeometry } from '../models/latent-shape.ts'
import { parseDecodeQuery } from '../wire/decode-query.ts'
import { decodePreview } from './decode.ts'
import { latentRgb } from './factors/index.ts'
import { Turns } from './turns.ts'

const DATA = join(import.meta.dirname, '../../../shared/data')
const hasData = existsSync(join(DATA, 'latents'))
if (!hasData)
  console.warn('Likeness is not measured: no real latents at ../shared/data, beside this checkout.')

async function psnrOfAstronaut(name: string, file: string, query: string): Promise<number> {
  const photograph = decodePng(readFileSync(join(DATA, 'images/astronaut.png')))
  const latent = new Uint8Array(readFileSync(join(DATA, 'latents', file)))
  const model = servable(name)
  const rgb = latentRgb(model)
  if (!rgb) throw new Error(`no preview of ${name}`)
  const asked = expectValue(
    parseDecodeQuery(new URLSearchParams(`${query}&dtype=float16&output_type=pt&partial_postprocess=True`)),
  )
  const geometry = expectValue(readGeometry(model, asked.shape, asked.size))
  const expected = expectAnswer(model, geometry, { kind: 'tensor', mediaType: 'tensor/binary' }, 'pt', true)
  const { chunks } = await decodePreview(
    model,
    rgb,
    geometry,
    asked,
    expected,
    latent.buffer,
    new Turns(async () => undefined),
  )
  return psnr(Buffer.concat(await Array.fromAsync(chunks)), photograph.data)
}

describe('the preview of a real latent is so like its photograph', () => {
  test.for([
    ['sd-v1', 'sd-v1.astronaut.1x4x64x64.f16.bin', 'shape=1,4,64,64&scaling_factor=0.18215', 17.5],
    ['sdxl', 'sdxl.astronaut.1x4x64x64.f16.bin', 'shape=1,4,64,64&scaling_factor=0.13025', 18.3],
    [
      'sd3',
      'sd3.astronaut.1x16x64x64.f16.bin',
      'shape=1,16,64,64&scaling_factor=1.5305&shift_factor=0.0609',
      19,
    ],
    [
      'flux',
      'flux.astronaut.1x16x64x64.f16.bin',
      'shape=1,16,64,64&scaling_factor=0.3611&shift_factor=0.1159',
      18.7,
    ],
    [
      'flux',
      'flux-packed.astronaut.1x1024x64.f16.bin',
      'shape=1,1024,64&do_scaling=True&height=512&width=512',
      18.7,
    ],
  ] as const)('%s, %s', async ([model, file, query, leastDb], { skip }) => {
    skip(!hasData, 'no real latents')
    expect(await psnrOfAstronaut(model, file, query)).toBeGreaterThan(leastDb)
  })
})
