/** What a latent becomes, by the name of the file that is wanted. Pure. */
import { extname } from 'node:path'
import type { Format, Tensor } from '../../client/index.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { findModel } from '../../models/registry.ts'

const FORMATS: Readonly<Record<string, Format>> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.mp4': 'mp4',
}

/** What a file of this name holds, or what was expected. */
export function formatOfFile(output: string): Result<Format, string> {
  const extension = extname(output).toLowerCase()
  const found = Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined
  return found ? ok(found) : err(`a name that ends with ${Object.keys(FORMATS).join(', ')}`)
}

/** Where the picture goes when nobody says: beside the latent, as a picture or as a video. */
export function defaultOutput(file: string, { shape }: Tensor, model: string | undefined): string {
  const kind = model === undefined ? undefined : findModel(model)?.kind
  const isVideo = kind === undefined ? shape.length === 5 : kind === 'video'
  return `${file.slice(0, file.length - extname(file).length)}.${isVideo ? 'mp4' : 'png'}`
}
