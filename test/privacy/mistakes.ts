/** What clients get wrong: a decode that is refused, for each code that says so. */
import { type Ask, pictureQuery, shapeOf, TENSOR } from './client.ts'

/** Texts to get wrong, each of them a canary. */
export interface Words {
  readonly word: (kind: 'query' | 'path' | 'header' | 'body', name: string) => string
  readonly latent: (name: string, side?: number) => Buffer
}

/** Of the plain model, whose key is added by who asks. */
export function mistakes({ word, latent }: Words): readonly (readonly [ends: string, Ask])[] {
  const ask = (name: string, changes: Partial<Ask>): Ask => ({
    route: 'POST /{model}',
    params: { model: 'plain' },
    query: pictureQuery(),
    headers: TENSOR,
    body: latent(name),
    ...changes,
  })
  const typed = (type: string, accept = 'tensor/binary') => ({
    headers: [
      ['content-type', type],
      ['accept', accept],
    ] as const,
  })
  const json = (value: unknown) => ({
    ...typed('application/json'),
    body: Buffer.from(JSON.stringify(value)),
    query: '',
  })
  const nan = Buffer.from(latent('NaN'))
  nan.writeUInt16LE(0x7e00, 100)
  const huge = `output_type=pt&shape=1&shape=4&shape=9999&shape=9999&dtype=float16`
  return [
    ['400 empty-body', ask('nothing', { body: Buffer.alloc(0) })],
    [
      '400 duplicate-parameter',
      ask('twice', { query: `${pictureQuery()}&dtype=${word('query', 'a second dtype')}` }),
    ],
    [
      '400 invalid-header',
      ask('deadline', { headers: [...TENSOR, ['x-vae-deadline-ms', word('header', 'deadline')]] }),
    ],
    ['404 unknown-model', ask('model', { params: { model: word('path', 'an unknown model') } })],
    [
      '404 unknown-model',
      ask('?model', { route: 'POST /', query: `${pictureQuery()}&model=${word('query', 'model')}` }),
    ],
    ['406 not-acceptable', ask('accept', typed('tensor/binary', `image/${word('header', 'accept')}`))],
    [
      '411 length-required',
      ask('no length', {
        headers: [
          ['content-type', 'application/json'],
          ['transfer-encoding', 'chunked'],
        ],
        body: Buffer.from('0\r\n\r\n'),
      }),
    ],
    ['415 unsupported-media-type', ask('type', typed(`text/${word('header', 'content-type')}`))],
    [
      '415 unsupported-media-type',
      ask('coding', { headers: [...TENSOR, ['content-encoding', word('header', 'content-encoding')]] }),
    ],
    [
      '422 invalid-parameter',
      ask('dtype', { query: `output_type=pt&${shapeOf()}&dtype=${word('query', 'dtype')}` }),
    ],
    [
      '422 invalid-parameter',
      ask('shape', { query: `output_type=pt&shape=${word('query', 'shape')}&dtype=float16` }),
    ],
    [
      '422 invalid-parameter',
      ask('factor', { query: `${pictureQuery()}&scaling_factor=${word('query', 'scaling_factor')}` }),
    ],
    [
      '422 invalid-parameter',
      ask('format', { query: `${pictureQuery()}&image_format=${word('query', 'image_format')}` }),
    ],
    [
      '422 invalid-parameter',
      ask('output', { query: `output_type=${word('query', 'output_type')}&${shapeOf()}&dtype=float16` }),
    ],
    [
      '422 invalid-body',
      ask('no JSON', {
        ...typed('application/json'),
        body: Buffer.from(`{"inputs": "${word('body', 'broken JSON')}`),
      }),
    ],
    [
      '422 invalid-body',
      ask('no base64', json({ inputs: `!${word('body', 'bad base64')}!`, parameters: {} })),
    ],
    [
      '422 invalid-parameter',
      ask(
        'JSON values',
        json({
          inputs: latent('JSON').toString('base64'),
          parameters: { shape: [1, 4, 8, 8], dtype: word('body', 'dtype in JSON') },
        }),
      ),
    ],
    [
      '422 unsupported-shape',
      ask('channels', { query: 'output_type=pt&shape=1&shape=7&shape=8&shape=8&dtype=float16' }),
    ],
    ['422 unsupported-output', ask('mp4', { query: `output_type=mp4&${shapeOf()}&dtype=float16` })],
    ['422 length-shape-mismatch', ask('short', { body: latent('a short one').subarray(0, 300) })],
    ['422 decode-too-large', ask('huge', { query: huge })],
    [
      '413 payload-too-large',
      ask('a lie', { headers: [...TENSOR, ['content-length', '99000000']], endsEarly: true }),
    ],
    ['422 model-ambiguous', ask('any', { route: 'POST /', query: pictureQuery() })],
    [
      '422 model-not-inferred',
      ask('no model', {
        route: 'POST /',
        query: 'output_type=pt&shape=1&shape=99&shape=8&shape=8&dtype=float16',
      }),
    ],
    ['422 latent-not-finite', ask('NaN', { body: nan })],
    [
      '422 latent-suspicious',
      ask('zeros', { body: Buffer.alloc(512), query: `${pictureQuery()}&strict=true` }),
    ],
    [
      '422 conversion-too-large',
      ask('large JSON', {
        ...typed('tensor/binary', 'application/json'),
        query: pictureQuery(64),
        body: latent('64', 64),
      }),
    ],
    [
      '404 not-found',
      ask('nowhere', { route: 'POST /{nowhere}/a/b/c', params: { nowhere: word('path', 'nowhere') } }),
    ],
    ['405 method-not-allowed', ask('DELETE', { route: 'DELETE /v1/models' })],
  ]
}
