/** What the clients send: latents that nobody else sends, each with the canary and the time its decode takes. */
import { randomFillSync } from 'node:crypto'
import type { Chance } from './chance.ts'

export interface LatentKind {
  readonly name: string
  readonly model: 'sd-v1' | 'flux' | 'sdxl'
  readonly channels: number
  /** Height and width of the latent; the picture has eight times as many pixels. */
  readonly side: number
  readonly dtype: 'float16' | 'float32'
  /** Share of the load. */
  readonly weight: number
}

const small = { name: 'small', model: 'sd-v1', channels: 4, side: 8, dtype: 'float16', weight: 60 } as const

/** Uploads of 512 bytes to 3.2 MB; pictures of 12 KB to 9.6 MB, of which those of flux are streamed. */
export const LATENT_KINDS: readonly LatentKind[] = [
  small,
  { ...small, name: 'picture', side: 16, weight: 26 },
  { ...small, name: 'larger', side: 64, weight: 8 },
  { name: 'streamed', model: 'flux', channels: 16, side: 128, dtype: 'float32', weight: 4 },
  { name: 'huge', model: 'flux', channels: 16, side: 224, dtype: 'float32', weight: 2 },
]

/** For the pool that is idle otherwise. */
export const QUIET_KIND: LatentKind = { ...small, name: 'quiet', model: 'sdxl', weight: 0 }

export const kindNamed = (name: string): LatentKind =>
  LATENT_KINDS.find((kind) => kind.name === name) ?? small

/** Each kind as often as its weight says. */
const DECK = LATENT_KINDS.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))

export const chooseKind = (chance: Chance): LatentKind => chance.pick(DECK)

export const CANARY_BYTES = 32
const DECODE_MS_AT = CANARY_BYTES

/** Chance as numbers of either dtype that are neither infinite nor none: the largest exponents are left out. */
export function finite<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  for (let high = 1; high < bytes.length; high += 2) bytes[high] = (bytes[high] as number) & 0xbf
  return bytes
}

/** Canary, time of the decode, chance. */
export function makeLatent(kind: LatentKind, canary: Uint8Array, decodeMs: number): Buffer<ArrayBuffer> {
  const size = kind.dtype === 'float32' ? 4 : 2
  const latent = finite(randomFillSync(Buffer.alloc(kind.channels * kind.side ** 2 * size)))
  latent.set(canary)
  latent.writeUInt16LE(decodeMs, DECODE_MS_AT)
  return latent
}

/** A backend reads how long it shall take from the latent itself; the gateway's own are decoded at once. */
export const decodeMsOf = (latent: Buffer): number =>
  latent.length < DECODE_MS_AT + 2 ? 0 : latent.readUInt16LE(DECODE_MS_AT)

/** Pixels of a side of the picture. */
export const pictureSide = ({ side }: LatentKind): number => side * 8

export const pictureBytes = (kind: LatentKind): number => pictureSide(kind) ** 2 * 3

/** Path and query of a decode to a uint8 picture [1, height, width, 3]. */
export const pathOf = ({ model, channels, side, dtype }: LatentKind): string =>
  `/${model}?output_type=pt&partial_postprocess=True&image_format=jpg&do_scaling=True&dtype=${dtype}` +
  [1, channels, side, side].map((size) => `&shape=${size}`).join('')
