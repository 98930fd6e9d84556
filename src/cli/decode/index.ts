import { existsSync } from 'node:fs'
import { Option } from 'commander'
import { realAmbient } from '../../lib/ambient.ts'
import { LATENT_DTYPES } from '../../wire/dtype.ts'
import { gatewayUrl, withUrl } from '../admin/access.ts'
import { newCommand } from '../command.ts'
import { CommandFailure, UsageFailure } from '../ending.ts'
import { interruption } from '../terminal/interrupt.ts'
import { createProgress, formatBytes } from '../terminal/progress.ts'
import { remark, say } from '../terminal/say.ts'
import { printable } from '../terminal/table.ts'
import { type AnswerFacts, factsOfAnswer, receive, refusal, send } from './exchange.ts'
import {
  type DecodeOptions,
  factsOf,
  parseDeadline,
  parseFactor,
  parsePixels,
  parseShape,
} from './options.ts'
import { readLatentFile } from './read-file.ts'
import { decodeHeaders, decodeTarget, defaultOutput, mediaTypeOf } from './request.ts'

export const decodeCommand = withUrl(
  newCommand('decode <file>', {
    summary: 'decode a latent (.npy, .safetensors, or raw bytes) to a picture or video',
    examples: [
      'vae-gateway decode latent.npy --model sdxl',
      'vae-gateway decode latent.safetensors --model wan-2.1 --output clip.mp4',
      'vae-gateway decode samples/sd-v1.astronaut.1x4x64x64.f16.bin --shape 1,4,64,64 --dtype float16 --model sd-v1 --output astronaut.png',
    ],
  }),
)
  .option('--key <key>', 'API key (default: $VAE_GATEWAY_KEY)')
  .option('--model <id>', 'model of the latent (default: inferred by the gateway)')
  .option('--output <file>', '.png, .jpg or .mp4 (default: beside the latent)')
  .option('--force', 'replace the output where it exists')
  .option('--shape <sizes>', 'shape of a raw file, as in 1,4,64,64', parseShape)
  .addOption(new Option('--dtype <name>', 'element type of a raw file').choices(LATENT_DTYPES))
  .option('--tensor <name>', 'which tensor of a .safetensors file, where there are several')
  .option('--height <pixels>', 'of the picture; for packed latents', parsePixels)
  .option('--width <pixels>', 'likewise', parsePixels)
  .option(
    '--scaling-factor <number>',
    'scale by this (default: as the model’s own constants say)',
    parseFactor,
  )
  .option('--shift-factor <number>', 'and shift by this', parseFactor)
  .option('--no-scaling', 'the latent is in the VAE’s own space already, as ComfyUI saves it')
  .option('--deadline <seconds>', 'how long to wait for the answer', parseDeadline)
  .action(async (file: string, options: DecodeOptions) => {
    const url = gatewayUrl(options, process.env)
    const key = options.key ?? process.env.VAE_GATEWAY_KEY
    if (!key) throw new UsageFailure('Expected an API key (--key or VAE_GATEWAY_KEY).')
    const facts = factsOf(options)
    const latent = readLatentFile(file, options)
    if (!latent.ok) throw new CommandFailure(`${file}: expected ${latent.error}.`)
    const output = options.output ?? defaultOutput(file, latent.value, options.model)
    const mediaType = mediaTypeOf(output)
    if (!mediaType.ok) throw new UsageFailure(`${output}: expected ${mediaType.error}.`)
    if (existsSync(output) && !options.force)
      throw new CommandFailure(`${output} exists; --force replaces it.`)

    const { fetch, now } = realAmbient
    const startedAt = now()
    const interrupted = interruption()
    const progress = createProgress(process.stderr, now)
    const target = `${url}${decodeTarget(latent.value, mediaType.value, facts)}`
    const headers = decodeHeaders(key, latent.value, mediaType.value, facts)
    try {
      const response = await send(fetch, target, headers, latent.value, progress, interrupted)
      if (response.status !== 200) throw await refusal(response)
      const bytes = await receive(response, output, progress, interrupted)
      progress.clear()
      const ms = now() - startedAt
      report(options, { output, bytes, ms, mediaType: mediaType.value, ...factsOfAnswer(response.headers) })
    } finally {
      progress.clear()
    }
  })

function report(
  options: DecodeOptions,
  result: AnswerFacts & {
    readonly output: string
    readonly bytes: number
    readonly ms: number
    readonly mediaType: string
  },
): void {
  const { output, bytes, ms, model, backend, quality, warning } = result
  if (warning !== null) remark(options, printable(`warning: ${warning}`))
  const soft = quality === 'preview' ? ', an approximate preview' : ''
  const by = printable(`${model ?? 'the gateway'} on ${backend ?? 'a backend'}`)
  say(options, result, `${output}: ${formatBytes(bytes)}${soft}, by ${by} in ${(ms / 1000).toFixed(1)} s`)
}
