/**
 * What a look into a latent costs: `node bench/inspection.ts`. Prints the median and the slowest of many looks, in
 * milliseconds, for the latents that people send.
 */
import { inspect } from '../src/inspection/inspect.ts'
import { allModels, findModel } from '../src/models/registry.ts'
import type { LatentDtype } from '../src/wire/dtype.ts'
import { writeFloats } from '../src/wire/tensor.ts'

const LOOKS = 200

const latents: readonly [what: string, model: string, elements: number, dtype: LatentDtype][] = [
  ['SD v1, 512 px', 'sd-v1', 4 * 64 * 64, 'float16'],
  ['SDXL, 1024 px', 'sdxl', 4 * 128 * 128, 'float16'],
  ['Flux, 1024 px', 'flux', 16 * 128 * 128, 'bfloat16'],
  ['Flux, 2048 px', 'flux', 16 * 256 * 256, 'float32'],
  ['HunyuanVideo, 129 frames of 720p', 'hunyuan-video', 16 * 33 * 90 * 160, 'float16'],
  ['HunyuanVideo, 129 frames of 720p', 'hunyuan-video', 16 * 33 * 90 * 160, 'float32'],
]

for (const [what, name, elements, dtype] of latents) {
  const model = findModel(name)
  if (!model) throw new Error(`no model ${name}`)
  const values = Float32Array.from({ length: elements }, (_, i) => Math.sin(i * 0.7) * 1.4)
  const body = writeFloats(values, dtype)
  const query = { dtype, scaling: { kind: 'model' }, strict: false } as const
  const times = Array.from({ length: LOOKS }, () => {
    const startedAt = performance.now()
    inspect(body, query, model, allModels)
    return performance.now() - startedAt
  }).sort((a, b) => a - b)
  const median = times[LOOKS / 2] ?? 0
  const slowest = times.at(-1) ?? 0
  console.log(
    `${what}, ${dtype}, ${(body.byteLength / 1e6).toFixed(1)} MB: ${median.toFixed(3)} ms, at most ${slowest.toFixed(3)} ms`,
  )
}
