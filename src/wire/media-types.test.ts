import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { envelopeOf, essence, isLatentType, negotiate, typeOf } from './media-types.ts'

type Ask = Parameters<typeof negotiate>
const chosen = (...ask: Ask): string => typeOf(expectValue(negotiate(...ask)))

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

describe('the Accept headers of known clients', () => {
  test.each<[string, Ask, string]>([
    ['diffusers, pil as jpg', ['image/jpeg', 'pil', 'jpg', 'image'], 'image/jpeg'],
    ['diffusers, pil as png', ['image/png', 'pil', 'png', 'image'], 'image/png'],
    ['diffusers, pil with a processor', ['tensor/binary', 'pil', 'jpg', 'image'], 'tensor/binary'],
    ['diffusers, pt', ['tensor/binary', 'pt', 'jpg', 'image'], 'tensor/binary'],
    ['diffusers, mp4', ['text/plain', 'mp4', 'jpg', 'video'], 'text/plain'],
    ['diffusers, pil of a video', ['tensor/binary', 'pil', 'jpg', 'video'], 'tensor/binary'],
    ['diffusers, pt of a video', ['tensor/binary', 'pt', 'jpg', 'video'], 'tensor/binary'],
    [
      'SD.Next, a picture whose format the query does not name',
      ['image/png', 'pil', 'jpg', 'image'],
      'image/png',
    ],
    ['requests without a header of its own', ['*/*', 'pil', 'png', 'image'], 'image/png'],
    ['no header at all', [undefined, 'pil', 'jpg', 'image'], 'image/jpeg'],
    ['an empty header', [' ', 'mp4', 'jpg', 'video'], 'video/mp4'],
    ['a browser', [BROWSER, 'pil', 'jpg', 'image'], 'image/jpeg'],
    ['a browser that asks for a tensor', [BROWSER, 'pt', 'jpg', 'image'], 'tensor/binary'],
    ['a player', ['video/*', 'mp4', 'jpg', 'video'], 'video/mp4'],
  ])('%s', (_, ask, mediaType) => {
    expect(chosen(...ask)).toBe(mediaType)
  })
})

describe('an envelope', () => {
  test.each<[string, Ask, string, string]>([
    ['early clients ask for', ['tensor/base64', 'pt', 'jpg', 'image'], 'tensor/base64', 'tensor/binary'],
    ['a tensor', ['application/json', 'pt', 'jpg', 'image'], 'application/json', 'tensor/binary'],
    ['a picture', ['application/json', 'pil', 'png', 'image'], 'application/json', 'image/png'],
    ['a video', ['application/json', 'mp4', 'jpg', 'video'], 'application/json', 'video/mp4'],
    ['the pil of a video', ['application/json', 'pil', 'jpg', 'video'], 'application/json', 'tensor/binary'],
    ['a picture as its tensor', ['tensor/base64', 'pil', 'jpg', 'image'], 'tensor/base64', 'tensor/binary'],
  ])('holds what %s', (_, ask, type, held) => {
    const offer = expectValue(negotiate(...ask))
    expect([offer.envelope, offer.format.mediaType]).toEqual([type, held])
  })

  test.each<[string, Ask, string]>([
    ['takes anything as well', ['application/json, text/plain, */*', 'pil', 'jpg', 'image'], 'image/jpeg'],
    ['likes bytes as much', ['application/json, tensor/binary', 'pt', 'jpg', 'image'], 'tensor/binary'],
    ['refuses the bytes', ['tensor/binary;q=0.0, */*', 'pt', 'jpg', 'image'], 'tensor/base64'],
  ])('is for those who want nothing else: a client that %s', (_, ask, type) => {
    expect(chosen(...ask)).toBe(type)
  })
})

describe('the choice', () => {
  test.each<[string, Ask, string]>([
    ['the query’s picture format breaks a tie', ['image/*', 'pil', 'png', 'image'], 'image/png'],
    [
      'quality goes before the query',
      ['image/jpeg;q=0.9, image/png;q=0.8', 'pil', 'png', 'image'],
      'image/jpeg',
    ],
    ['order in the header means nothing', ['image/png, image/jpeg', 'pil', 'jpg', 'image'], 'image/jpeg'],
    ['a range in capitals counts', ['IMAGE/PNG', 'pil', 'jpg', 'image'], 'image/png'],
    ['parameters of a range are ignored', ['text/plain; charset=utf-8', 'mp4', 'jpg', 'video'], 'text/plain'],
    [
      'spaces around a weight are allowed',
      ['image/jpeg ; q = 0.1 , image/png', 'pil', 'jpg', 'image'],
      'image/png',
    ],
    [
      'a weight may be written in capitals',
      ['image/jpeg;Q=0, image/png', 'pil', 'jpg', 'image'],
      'image/png',
    ],
    ['a weight above 1 counts as 1', ['image/png;q=5, image/jpeg', 'pil', 'jpg', 'image'], 'image/jpeg'],
    [
      'a weight that is no number counts as 0',
      ['image/jpeg;q=., image/png;q=0.1', 'pil', 'jpg', 'image'],
      'image/png',
    ],
    [
      'the most specific range decides',
      ['image/jpeg;q=0.2, image/*;q=0.5, */*', 'pil', 'jpg', 'image'],
      'tensor/binary',
    ],
    [
      'a type of its own is taken out of a wider range',
      ['*/*, image/jpeg;q=0', 'pil', 'jpg', 'image'],
      'image/png',
    ],
    ['image/jpg is image/jpeg', ['image/jpg', 'pil', 'png', 'image'], 'image/jpeg'],
    ['octet-stream is a tensor', ['application/octet-stream', 'pt', 'jpg', 'image'], 'tensor/binary'],
    [
      'a tensor comes last of what a picture may be',
      ['tensor/binary;q=0.9, image/png;q=0.9', 'pil', 'jpg', 'image'],
      'image/png',
    ],
  ])('%s', (_, ask, mediaType) => {
    expect(chosen(...ask)).toBe(mediaType)
  })

  test('names the kind of the answer beside its type', () => {
    expect(expectValue(negotiate('image/png', 'pil', 'jpg', 'image')).format.kind).toBe('image')
    expect(expectValue(negotiate('tensor/binary', 'pil', 'jpg', 'image')).format.kind).toBe('tensor')
    expect(expectValue(negotiate('text/plain', 'mp4', 'jpg', 'video')).format.kind).toBe('video')
  })
})

const TENSOR = ['tensor/binary', 'tensor/base64', 'application/json']
const PICTURE = ['image/jpeg', 'image/png', ...TENSOR]
const VIDEO = ['video/mp4', 'text/plain', 'application/json']

describe('refuses what cannot be given, and lists what can', () => {
  test.each<[string, Ask, string[]]>([
    ['a page', ['text/html', 'pil', 'jpg', 'image'], PICTURE],
    ['a page from a png', ['text/html', 'pil', 'png', 'image'], ['image/png', 'image/jpeg', ...TENSOR]],
    ['base64 of a video', ['tensor/base64', 'mp4', 'jpg', 'video'], VIDEO],
    ['a picture instead of a tensor', ['image/png', 'pt', 'png', 'image'], TENSOR],
    ['a picture of a video', ['image/jpeg', 'pil', 'jpg', 'video'], TENSOR],
    ['a tensor instead of a video', ['tensor/binary', 'mp4', 'jpg', 'video'], VIDEO],
    ['another picture format', ['image/webp', 'pil', 'jpg', 'image'], PICTURE],
    ['a weight of 0', ['tensor/binary;q=0', 'pt', 'jpg', 'image'], TENSOR],
    ['everything at a weight of 0', ['*/*;q=0', 'mp4', 'jpg', 'video'], VIDEO],
    ['nonsense', ['x', 'pt', 'jpg', 'image'], TENSOR],
    ['commas', [',,', 'pt', 'jpg', 'image'], TENSOR],
  ])('%s', (_, ask, offers) => {
    expect(expectError(negotiate(...ask))).toEqual(offers)
  })
})

describe('the type of a body', () => {
  test.each([
    undefined,
    'tensor/binary',
    'Tensor/Binary; x=1',
    'application/octet-stream',
    'binary/octet-stream',
  ])('takes %s for a latent', (type) => {
    expect(isLatentType(type)).toBe(true)
  })

  test.each([
    '',
    'application/json',
    'tensor/base64',
    'image/png',
    'multipart/form-data; boundary=x',
    'text/plain',
    'application/x-www-form-urlencoded',
    'tensor',
  ])('C22: does not take "%s" for a latent', (type) => {
    expect(isLatentType(type)).toBe(false)
  })

  test.each([
    ['tensor/base64', 'tensor/base64'],
    ['application/json; charset=UTF-8', 'application/json'],
    ['tensor/binary', undefined],
    ['application/problem+json', undefined],
    [undefined, undefined],
  ])('%s comes in the envelope %s', (type, envelope) => {
    expect(envelopeOf(type)).toBe(envelope)
  })

  test.each([
    ['text/plain; charset=utf-8', 'text/plain'],
    ['  IMAGE/PNG  ', 'image/png'],
    ['tensor/binary;', 'tensor/binary'],
    ['', ''],
  ])('"%s" is in essence "%s"', (type, expected) => {
    expect(essence(type)).toBe(expected)
  })
})
