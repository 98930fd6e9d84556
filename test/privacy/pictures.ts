/** Files of pictures that say how large they are and hold noise otherwise, since nobody here opens them. */
import { randomBytes } from 'node:crypto'
import type { Aviary } from './canary.ts'

export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp'] as const
export type PictureType = (typeof PICTURE_TYPES)[number]

const NOISE_BYTES = 2_048

/** @param side in pixels, of which eight make one element of a latent */
export function randomPicture(aviary: Aviary, name: string, type: PictureType, side = 64): Buffer {
  const noise = randomBytes(NOISE_BYTES)
  const picture = Buffer.concat([heads[type](side), noise])
  aviary.addPart('picture', `the picture of ${name}`, noise, picture)
  return picture
}

/** A side as so many bytes. */
const number = (value: number, bytes: number, order: 'big' | 'little'): Buffer => {
  const out = Buffer.alloc(bytes)
  if (order === 'big') out.writeUIntBE(value, 0, bytes)
  else out.writeUIntLE(value, 0, bytes)
  return out
}

const heads: Readonly<Record<PictureType, (side: number) => Buffer>> = {
  'image/png': (side) => {
    const sides = [number(side, 4, 'big'), number(side, 4, 'big')]
    const [signature, rest] = ['\x89PNG\r\n\x1a\n\0\0\0\rIHDR', '\x08\x02\0\0\0\0\0\0\0']
    return Buffer.concat([Buffer.from(signature, 'latin1'), ...sides, Buffer.from(rest, 'latin1')])
  },
  'image/jpeg': (side) => {
    const sides = [number(side, 2, 'big'), number(side, 2, 'big')]
    const [start, rest] = ['\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x11\x08', '\x03']
    const components = '\x01\x11\0\x02\x11\0\x03\x11\0'
    return Buffer.concat([Buffer.from(start, 'latin1'), ...sides, Buffer.from(rest + components, 'latin1')])
  },
  'image/webp': (side) => {
    const sides = [number(side - 1, 3, 'little'), number(side - 1, 3, 'little')]
    const [riff, kind] = ['RIFF', 'WEBPVP8X\x0a\0\0\0\0\0\0\0']
    const length = number(NOISE_BYTES + 22, 4, 'little')
    return Buffer.concat([Buffer.from(riff), length, Buffer.from(kind, 'latin1'), ...sides])
  },
}
