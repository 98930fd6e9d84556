/** Media types of the protocol and the choice between them. */
import { err, ok, type Result } from '../lib/result.ts'

export const TENSOR = 'tensor/binary'
export const TENSOR_BASE64 = 'tensor/base64'
export const JSON_TYPE = 'application/json'

/** A JSON object with the bytes in base64, for early clients and for those that cannot take bytes. */
export type Envelope = typeof TENSOR_BASE64 | typeof JSON_TYPE

/** What the body of a successful answer is. */
export type AnswerFormat =
  | { readonly kind: 'image'; readonly mediaType: 'image/jpeg' | 'image/png' }
  | { readonly kind: 'tensor'; readonly mediaType: typeof TENSOR }
  | { readonly kind: 'video'; readonly mediaType: 'video/mp4' | 'text/plain' }

/** What a client gets: an answer, as bytes or in an envelope. */
export interface Offer {
  readonly format: AnswerFormat
  readonly envelope: Envelope | undefined
}

/** Media types of a latent. A missing type is accepted too: the query says what the bytes are. */
const LATENT_TYPES = new Set([TENSOR, 'application/octet-stream', 'binary/octet-stream'])

export function isLatentType(contentType: string | undefined): boolean {
  return contentType === undefined || LATENT_TYPES.has(essence(contentType))
}

/** The envelope that a request's body comes in; undefined when it is the bytes themselves. */
export function envelopeOf(contentType: string | undefined): Envelope | undefined {
  const type = essence(contentType ?? '')
  return type === TENSOR_BASE64 || type === JSON_TYPE ? type : undefined
}

/** `text/plain; charset=utf-8` -> `text/plain` */
export const essence = (mediaType: string): string => (mediaType.split(';')[0] ?? '').trim().toLowerCase()

/**
 * Chooses the answer's format by quality, then by our order of preference. Video models have no picture file:
 * their `pil` is a tensor. A client that passes a processor asks an image model for a tensor with `pil` too.
 *
 * @returns the format and its envelope, or the media types that could have been asked for
 */
export function negotiate(
  accept: string | undefined,
  outputType: 'pil' | 'pt' | 'mp4',
  imageFormat: 'jpg' | 'png',
  modelKind: 'image' | 'video',
): Result<Offer, readonly string[]> {
  const offers = offersFor(outputType, imageFormat, modelKind)
  const ranges = parseAccept(accept)
  let best: { offer: Offer; quality: number } | undefined
  for (const offer of offers) {
    const quality = qualityOf(typeOf(offer), ranges)
    if (quality > (best?.quality ?? 0)) best = { offer, quality }
  }
  return best ? ok(best.offer) : err(offers.map(typeOf))
}

/** The media type under which an offer goes out. */
export const typeOf = ({ format, envelope }: Offer): string => envelope ?? format.mediaType

/** What can be given, the preferred first; envelopes come last, for those who ask for nothing else. */
function offersFor(
  outputType: 'pil' | 'pt' | 'mp4',
  imageFormat: 'jpg' | 'png',
  modelKind: 'image' | 'video',
): Offer[] {
  const formats = formatsFor(outputType, imageFormat, modelKind)
  const [usual] = formats
  const tensor = formats.find(({ kind }) => kind === 'tensor')
  return [
    ...formats.map((format) => ({ format, envelope: undefined })),
    ...(tensor ? [{ format: tensor, envelope: TENSOR_BASE64 } as const] : []),
    ...(usual ? [{ format: usual, envelope: JSON_TYPE } as const] : []),
  ]
}

function formatsFor(
  outputType: 'pil' | 'pt' | 'mp4',
  imageFormat: 'jpg' | 'png',
  modelKind: 'image' | 'video',
): AnswerFormat[] {
  const tensor: AnswerFormat = { kind: 'tensor', mediaType: TENSOR }
  if (outputType === 'pt') return [tensor]
  if (outputType === 'mp4') {
    return [
      { kind: 'video', mediaType: 'video/mp4' },
      { kind: 'video', mediaType: 'text/plain' },
    ]
  }
  if (modelKind === 'video') return [tensor]
  const jpeg: AnswerFormat = { kind: 'image', mediaType: 'image/jpeg' }
  const png: AnswerFormat = { kind: 'image', mediaType: 'image/png' }
  return imageFormat === 'png' ? [png, jpeg, tensor] : [jpeg, png, tensor]
}

interface MediaRange {
  readonly type: string
  readonly quality: number
}

function parseAccept(accept: string | undefined): MediaRange[] {
  if (!accept?.trim()) return [{ type: '*/*', quality: 1 }]
  return accept.split(',').map((part) => {
    const weight = /;\s*q\s*=\s*([0-9.]+)/i.exec(part)?.[1]
    const quality = weight === undefined ? 1 : Number(weight)
    return { type: essence(part), quality: Number.isFinite(quality) ? Math.min(quality, 1) : 0 }
  })
}

/** The most specific matching range decides (RFC 9110, 12.5.1). */
function qualityOf(mediaType: string, ranges: readonly MediaRange[]): number {
  const names = NAMES[mediaType] ?? [mediaType]
  const family = `${mediaType.split('/')[0]}/*`
  for (const candidates of [names, [family], ['*/*']]) {
    const match = ranges.find((range) => candidates.includes(range.type))
    if (match) return match.quality
  }
  return 0
}

/** Other names clients use for a type. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'image/jpeg': ['image/jpeg', 'image/jpg'],
  [TENSOR]: [TENSOR, 'application/octet-stream'],
}
