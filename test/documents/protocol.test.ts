/** docs/protocol.md: its tables are those of the code, its answers those of a gateway. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { problemCodes, problemKind } from '../../src/errors/codes.ts'
import { openapiDocument } from '../../src/http/openapi/document.ts'
import { answeredOf, expectAnswer } from '../../src/models/answer.ts'
import { readGeometry } from '../../src/models/latent-shape.ts'
import { allModels, isServable } from '../../src/models/registry.ts'
import { parseDecodeQuery, type ScalingRequest } from '../../src/wire/decode-query.ts'
import { formatShape } from '../../src/wire/headers.ts'
import { negotiate } from '../../src/wire/media-types.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { root } from './markdown.ts'
import { replaceRegion, table } from './regions.ts'

const path = join(root, 'docs/protocol.md')

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly description: string
  readonly schema: { readonly type?: string; readonly enum?: readonly string[] }
}
interface Operation {
  readonly parameters: readonly Parameter[]
  readonly responses: Record<string, { readonly headers: Record<string, { readonly description: string }> }>
}
const { paths } = openapiDocument(false) as unknown as { paths: Record<string, { post: Operation }> }
const operationAt = (route: string): Operation => {
  const found = paths[route]
  if (!found) throw new Error(`The document has no ${route}.`)
  return found.post
}

const parametersOf = (route: string): string =>
  table(
    ['parameter', 'says'],
    operationAt(route)
      .parameters.filter((parameter) => parameter.in === 'query')
      .map(({ name, schema, description }) => {
        const values = (schema.enum ?? []).map((value) => `\`${value}\``).join(', ')
        return [`\`${name}\``, values === '' ? description : `${description} One of ${values}.`]
      }),
  )

const headers = (): string => {
  const found = operationAt('/v1/decode/{model}').responses['200']?.headers ?? {}
  const rows = Object.entries(found).map(([name, { description }]) => [`\`${name}\``, description])
  return table(['header', 'says'], rows)
}

/** What a query asks to be done, in each of the ways that clients say it. */
const SCALING = [
  '',
  'do_scaling=False',
  'do_scaling=True',
  'scaling_factor=s',
  'scaling_factor=s&shift_factor=t',
  'do_scaling=True&scaling_factor=s',
  'do_scaling=True&shift_factor=t',
  'do_scaling=False&scaling_factor=s',
  'shift_factor=t',
]

function scaling(): string {
  const rows = SCALING.map((query) => {
    const numbers = query.replace('=s', '=2').replace('=t', '=3')
    const read = parseDecodeQuery(new URLSearchParams(`shape=1,4,8,8&dtype=float16&${numbers}`))
    if (!read.ok) throw new Error(`${query} is refused.`)
    return [query === '' ? 'nothing' : `\`${query}\``, inWords(read.value.scaling)]
  })
  return table(['sent', 'the VAE gets'], rows)
}

function inWords(asked: ScalingRequest): string {
  switch (asked.kind) {
    case 'none':
      return '`z`'
    case 'model':
      return "`z` scaled by the model's own constants"
    case 'explicit':
      return `\`z${asked.factor === 1 ? '' : ' / s'}${asked.shift === 0 ? '' : ' + t'}\``
  }
}

/** What is asked for, and what for, of a latent of two of a picture or a video. */
const ANSWERS = [
  ['sdxl', [2, 4, 64, 64], 'pil', 'jpg', false, undefined],
  ['sdxl', [2, 4, 64, 64], 'pil', 'png', false, undefined],
  ['sdxl', [2, 4, 64, 64], 'pil', 'jpg', false, 'tensor/binary'],
  ['sdxl', [2, 4, 64, 64], 'pt', 'jpg', false, undefined],
  ['sdxl', [2, 4, 64, 64], 'pt', 'jpg', true, undefined],
  ['wan-2.1', [2, 16, 5, 40, 64], 'mp4', 'jpg', false, undefined],
  ['wan-2.1', [2, 16, 5, 40, 64], 'pt', 'jpg', false, undefined],
  ['wan-2.1', [2, 16, 5, 40, 64], 'pt', 'jpg', true, undefined],
  ['wan-2.1', [2, 16, 5, 40, 64], 'pil', 'jpg', false, undefined],
] as const

function answers(): string {
  const rows = ANSWERS.map(([id, shape, outputType, imageFormat, partial, accept]) => {
    const model = allModels.filter(isServable).find((each) => each.id === id)
    if (!model) throw new Error(`There is no ${id}.`)
    const geometry = readGeometry(model, shape, undefined)
    const offer = negotiate(accept, outputType, imageFormat, model.kind)
    if (!geometry.ok || !offer.ok) throw new Error(`${id} does not decode ${outputType}.`)
    const { format } = offer.value
    const answered = answeredOf(model, format, outputType, partial)
    const expected = expectAnswer(model, geometry.value, format, outputType, partial)
    const query = [
      `output_type=${outputType}`,
      ...(outputType === 'pil' && model.kind === 'image' && accept === undefined
        ? [`image_format=${imageFormat}`]
        : []),
      ...(partial ? ['partial_postprocess=True'] : []),
    ].join('&')
    return [
      `\`${formatShape(shape)}\` of \`${id}\``,
      `\`${query}\`${accept ? `, \`Accept: ${accept}\`` : ''}`,
      expected.kind === 'tensor'
        ? `${expected.dtypes.includes('uint8') ? 'uint8' : 'floats'} \`${formatShape(expected.shape)}\``
        : `\`${expected.mediaType}\``,
      answered === 'all' ? 'both' : 'the first',
    ]
  })
  return table(['latent', 'asked for', 'comes as', 'of the two'], rows)
}

const codes = (): string =>
  table(
    ['status', 'code', 'meaning'],
    problemCodes
      .map((code) => ({ code, ...problemKind(code) }))
      .toSorted((one, other) => one.status - other.status)
      .map(({ status, code, meaning }) => [String(status), `\`${code}\``, meaning]),
  )

let sleeper: FakeBackend
let gateway: TestGateway
beforeAll(async () => {
  sleeper = await startFakeBackend((socket) => {
    socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n')
  })
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'sleeper', url: sleeper.url, models: ['sd3'], kind: 'huggingface', scaleToZero: true },
      { id: 'gone', url: 'http://127.0.0.1:1/', models: ['hunyuan-video'] },
      { id: 'preview', kind: 'preview', models: ['sdxl', 'sd-v1', 'flux'] },
    ],
    PLANS: { default: { megapixelsPerMinute: 2 } },
  })
})
afterAll(async () => {
  await gateway.stop()
  await sleeper.stop()
})

interface Example {
  readonly title: string
  readonly target: string
  readonly body: Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
  /** Headers of the answer that are shown. */
  readonly shown?: readonly string[]
  /** It is sent so often; the last answer is shown. */
  readonly times?: number
}

const latent = (channels: number, side: number, value = 0.5): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new Float16Array(channels * side * side).map((_, i) => value * Math.sin(i)).buffer)

const query = (channels: number, side: number): string =>
  `output_type=pil&shape=1&shape=${channels}&shape=${side}&shape=${side}&dtype=float16`

const EXAMPLES: readonly Example[] = [
  {
    title: 'A key that is none:',
    target: `/sdxl?${query(4, 8)}&do_scaling=True`,
    body: latent(4, 8),
    headers: { authorization: 'Bearer nonsense' },
    shown: ['www-authenticate'],
  },
  {
    title: 'A parameter with a bad value:',
    target: `/sdxl?${query(4, 8)}&scaling_factor=0,13`,
    body: latent(4, 8),
  },
  {
    title: 'float32 that is called float16:',
    target: `/sdxl?${query(4, 8)}&do_scaling=True`,
    body: new Uint8Array(4 * 8 * 8 * 4),
  },
  {
    title: 'A latent of another model:',
    target: `/sdxl?${query(16, 8)}&do_scaling=True`,
    body: latent(16, 8),
  },
  {
    title: 'No model, and a shape that two have:',
    target: `/?${query(4, 8)}&do_scaling=True`,
    body: latent(4, 8),
  },
  {
    title: 'NaN:',
    target: `/sdxl?${query(4, 8)}&do_scaling=True`,
    body: latent(4, 8, Number.NaN),
  },
  {
    title: 'Scaled already, with `strict=true`:',
    target: `/sdxl?${query(4, 8)}&do_scaling=True&strict=true`,
    body: latent(4, 8, 12),
  },
  {
    title: 'A second picture of 1024 pixels a side, for a key that may have two megapixels a minute:',
    target: `/sdxl?${query(4, 128)}&do_scaling=True`,
    body: latent(4, 128),
    times: 2,
    shown: ['retry-after', 'ratelimit-policy'],
  },
  {
    title: 'Backends that are asleep, and a client that waits two seconds:',
    target: `/sd3?${query(16, 8)}&do_scaling=True`,
    body: latent(16, 8),
    headers: { 'x-vae-deadline-ms': '2000' },
    shown: ['retry-after'],
  },
  {
    title: 'Backends that are out of reach:',
    target:
      '/hunyuan-video?output_type=mp4&shape=1&shape=16&shape=1&shape=8&shape=8&dtype=float16&do_scaling=True',
    body: latent(16, 8),
    headers: { 'x-vae-deadline-ms': '2000' },
    shown: ['retry-after'],
  },
]

const send = (
  target: string,
  body: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
) =>
  fetch(`${gateway.url}${target}`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${gateway.key}`, 'x-request-id': 'my-request-17', ...headers },
  })

async function showExample({
  title,
  target,
  body,
  headers,
  shown = [],
  times = 1,
}: Example): Promise<string> {
  for (let time = 1; time < times; time++) await (await send(target, body, headers)).arrayBuffer()
  const response = await send(target, body, headers)
  const named = ['content-type', 'x-request-id', ...shown].map((name) => {
    const value = response.headers.get(name)
    if (value === null) throw new Error(`${target} has no ${name}.`)
    // An estimate, and spread by chance.
    return `${name}: ${name === 'retry-after' ? value.replace(/^([2-9]|\d\d+)$/, '60') : value}`
  })
  const sent = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\n`)
  const said = JSON.stringify(await response.json(), null, 2)
  const block = [`HTTP/1.1 ${response.status} ${response.statusText}`, ...named, '', said].join('\n')
  return `${title}\n\n\`\`\`http\nPOST ${target}\n${sent.join('')}\n${block}\n\`\`\``
}

test('every table and every answer of docs/protocol.md is as the gateway has it', async () => {
  const examples: string[] = []
  // One after the other, for limits count.
  for (const example of EXAMPLES) examples.push(await showExample(example))
  const regions: Readonly<Record<string, string>> = {
    'decode parameters': parametersOf('/v1/decode/{model}'),
    scaling: scaling(),
    answers: answers(),
    headers: headers(),
    'encode parameters': parametersOf('/v1/encode/{model}'),
    codes: codes(),
    examples: examples.join('\n\n'),
  }
  const page = Object.entries(regions).reduce(
    (text, [name, contents]) => replaceRegion(text, name, contents),
    readFileSync(path, 'utf8'),
  )
  await expect(page).toMatchFileSnapshot(path)
})

test('every route that anybody may ask stands on the page', () => {
  const page = readFileSync(path, 'utf8')
  const missing = Object.entries(paths).filter(([route]) => !page.includes(`${route}\``))
  expect(missing.map(([route]) => route)).toEqual([])
})
