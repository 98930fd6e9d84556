/** Bytes that nobody else sends, and every form in which they could turn up where they must not. */
import { randomBytes } from 'node:crypto'

const planted: Buffer[] = []

/** Text that fake backends put into their error bodies. */
export const CANARY_TEXT = 'canary-of-a-backend'

/** Fills the beginning of a latent with chance that is finite in float16, and remembers it. */
export function plantCanary(latent: Float16Array): void {
  const noise = randomBytes(2 * CANARY_VALUES)
  for (let i = 0; i < CANARY_VALUES; i++) latent[i] = 0.25 + noise.readUInt16LE(2 * i) / 90_000
  remember(Buffer.from(latent.buffer, latent.byteOffset, 2 * CANARY_VALUES))
}

const CANARY_VALUES = 16

/** Bytes that must turn up nowhere from now on. */
export function remember(bytes: Buffer): void {
  planted.push(Buffer.from(bytes.subarray(0, 32)))
}

/** Lets go of all that were planted, once whatever could hold them was searched. */
export function forgetCanaries(): void {
  planted.length = 0
}

/** The first canary that the text holds, in whatever form; undefined when there is none. */
export function canaryIn(text: string): string | undefined {
  if (text.includes(CANARY_TEXT)) return CANARY_TEXT
  return planted.flatMap(formsOf).find((form) => text.includes(form))
}

function formsOf(bytes: Buffer): string[] {
  const base64 = [0, 1, 2].map((skip) => bytes.subarray(skip, skip + 24).toString('base64'))
  return [
    bytes.toString('latin1'),
    bytes.toString('utf8'),
    bytes.toString('hex'),
    [...bytes].join(),
    [...bytes].join(', '),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
}
