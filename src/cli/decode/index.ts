import { existsSync } from 'node:fs'
import { Option } from 'commander'
import { type Answer, createClient, type Progress } from '../../client/index.ts'
import { realAmbient } from '../../lib/ambient.ts'
import { LATENT_DTYPES } from '../../wire/dtype.ts'
import { gatewayUrl, withUrl } from '../admin/access.ts'
import { newCommand } from '../command.ts'
import { CommandFailure, UsageFailure } from '../ending.ts'
import { interruption } from '../terminal/interrupt.ts'
import { createProgress, formatBytes } from '../terminal/progress.ts'
import { remark, say } from '../terminal/say.ts'
import { printable } from '../terminal/table.ts'
import { failureOf } from './failure.ts'
import {
  type DecodeOptions,
  orderOf,
  parseDeadline,
  parseFactor,
  parsePixels,
  parseShape,
} from './options.ts'
import { defaultOutput, formatOfFile } from './output.ts'
import { readLatentFile } from './read-file.ts'
import { saveWhole } from './save.ts'

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
    const order = orderOf(options)
    const latent = readLatentFile(file, options)
    if (!latent.ok) throw new CommandFailure(`${file}: expected ${latent.error}.`)
    const output = options.output ?? defaultOutput(file, latent.value, options.model)
    const format = formatOfFile(output)
    if (!format.ok) throw new UsageFailure(`${output}: expected ${format.error}.`)
    if (existsSync(output) && !options.force)
      throw new CommandFailure(`${output} exists; --force replaces it.`)

    const { now } = realAmbient
    const startedAt = now()
    const signal = interruption()
    const line = createProgress(process.stderr, now)
    const onProgress = ({ phase, bytes, totalBytes }: Progress): void =>
      line.show(PHASES[phase], bytes, totalBytes)
    const client = createClient({ endpoint: url, apiKey: key, retry: false })
    try {
      const told = { ...order, as: 'stream', format: format.value, signal, onProgress } as const
      const answer = await client.decode(latent.value, told)
      const bytes = await saveWhole(answer.stream, output)
      if (bytes === undefined)
        throw new CommandFailure('The answer is no whole picture or video. Nothing was written.')
      line.clear()
      report(options, answer, { output, bytes, ms: now() - startedAt })
    } catch (error) {
      throw failureOf(error, output, signal)
    } finally {
      line.clear()
    }
  })

const PHASES = { sending: 'sending', waiting: 'decoding,', receiving: 'receiving' } as const

function report(
  options: DecodeOptions,
  answer: Answer<'stream'>,
  file: { readonly output: string; readonly bytes: number; readonly ms: number },
): void {
  const { output, bytes, ms } = file
  const { model = null, backend = null, attempts, quality = null, mediaType, headers } = answer
  const warning = headers.get('x-vae-warning')
  if (warning !== null) remark(options, printable(`warning: ${warning}`))
  const soft = quality === 'preview' ? ', an approximate preview' : ''
  const by = printable(`${model ?? 'the gateway'} on ${backend ?? 'a backend'}`)
  const result = { ...file, mediaType, model, backend, attempts, quality, warning }
  say(options, result, `${output}: ${formatBytes(bytes)}${soft}, by ${by} in ${(ms / 1000).toFixed(1)} s`)
}
