/** Real latents of photographs, where they are present: not part of the project. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const beside = fileURLToPath(new URL('../../../shared/data', import.meta.url))

/** The folder named by VAE_GATEWAY_DATA, or ../shared/data beside the project; undefined where there is none. */
export const sharedData = [process.env.VAE_GATEWAY_DATA ?? beside].find((folder) =>
  existsSync(`${folder}/latents/index.json`),
)

export interface RealLatent {
  readonly file: string
  readonly model: string
  /** In diffusion space, float16. */
  readonly bytes: ArrayBuffer
}

export function realLatents(): readonly RealLatent[] {
  if (sharedData === undefined) return []
  const read = (name: string): Buffer => readFileSync(`${sharedData}/latents/${name}`)
  const index = JSON.parse(read('index.json').toString()) as Omit<RealLatent, 'bytes'>[]
  return index.map(({ file, model }) => ({ file, model, bytes: new Uint8Array(read(file)).buffer }))
}

/** A saved tensor of torch is a zip file that stores its numbers as they are, in the member `…/data/0`. */
export function readTorch(name: string): ArrayBuffer {
  const file = readFileSync(`${sharedData}/latents/${name}`)
  const entry = file.lastIndexOf('/data/0')
  // From the directory at the end: where the member begins, and how long it is.
  const directory = file.lastIndexOf('PK\x01\x02', entry, 'latin1')
  const at = file.readUInt32LE(directory + 42)
  const length = file.readUInt32LE(directory + 24)
  const start = at + 30 + file.readUInt16LE(at + 26) + file.readUInt16LE(at + 28)
  return new Uint8Array(file.subarray(start, start + length)).buffer
}

/** The numbers of a float32 array that numpy saved: a header whose length stands before it, then the bytes. */
export function readNpy(name: string): Float32Array<ArrayBuffer> {
  const file = readFileSync(`${sharedData}/latents/${name}`)
  return new Float32Array(new Uint8Array(file.subarray(10 + file.readUInt16LE(8))).buffer)
}
