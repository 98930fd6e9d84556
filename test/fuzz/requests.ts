/** What clients send: queries, JSON, headers. */
import fc from 'fast-check'
import { readCredential } from '../../src/auth/credentials.ts'
import { parseRetryAfter } from '../../src/dispatch/classify.ts'
import { networkOf } from '../../src/limits/address.ts'
import { MAX_DEADLINE_MS, MIN_DEADLINE_MS, parseDeadline } from '../../src/wire/deadline.ts'
import { decodeQuerySchema, parseDecodeQuery } from '../../src/wire/decode-query.ts'
import { readJsonRequest } from '../../src/wire/json-body.ts'
import { envelopeOf, isLatentType, negotiate, typeOf } from '../../src/wire/media-types.ts'
import { formatList } from '../../src/wire/structured-field.ts'
import { upstreamQuery } from '../../src/wire/upstream-query.ts'
import { holds, long, mutated, type Target, target, text } from './target.ts'

const NAMES = [...Object.keys(decodeQuerySchema.shape), 'unheard-of']
const VALUES = [
  '1',
  '4',
  '64',
  '99999',
  'float16',
  'bfloat16',
  'float32',
  'pil',
  'pt',
  'mp4',
  'True',
  'false',
  '0.18215',
  '-1e-300',
  'jpg',
  'png',
  '[1,4,8,8]',
  '1,4,8,8',
]
const parameter = fc.tuple(fc.constantFrom(...NAMES), fc.oneof(fc.constantFrom(...VALUES), text, long))
const good: [string, string][] = [
  ['shape', '1,4,8,8'],
  ['dtype', 'float16'],
  ['output_type', 'pt'],
]

const queries = target(
  'a decode query is refused or read, and what is read can be said again',
  fc.tuple(fc.array(parameter, { maxLength: 12 }), fc.boolean()),
  ([given, isNearlyGood]) => {
    const params = new URLSearchParams(isNearlyGood ? [...good, ...given] : given)
    const read = parseDecodeQuery(params)
    if (!read.ok) {
      holds(NAMES.includes(read.error.parameter), 'the parameter that is refused has a name of ours')
      return
    }
    const { shape, outputType = 'pil', size } = read.value
    holds(
      shape.every((side) => Number.isInteger(side) && side > 0 && side < 100_000),
      'sizes are sizes',
    )
    holds(shape.length >= 3 && shape.length <= 5, 'a shape has three to five of them')
    const again = parseDecodeQuery(upstreamQuery(read.value, shape, outputType, size !== undefined))
    holds(again.ok, 'a backend is told what can be read')
    const same = (['shape', 'dtype', 'scaling', 'partialPostprocess', 'imageFormat', 'size'] as const).every(
      (name) => JSON.stringify(again.value[name]) === JSON.stringify(read.value[name]),
    )
    holds(same, 'a backend is told the same')
  },
)

const json = fc.oneof(
  mutated(
    fc.constant(
      '{"inputs":"AAECAwQFBgc=","parameters":{"shape":[1,1,2,2],"dtype":"float16","do_scaling":true}}',
    ),
  ),
  fc.json(),
  fc
    .record({ inputs: fc.oneof(fc.base64String(), text), parameters: fc.jsonValue() })
    .map((value) => JSON.stringify(value)),
  text,
  fc.nat(20_000).map((depth) => '['.repeat(depth)),
)

const bodies = target(
  'a request in JSON is refused or read',
  fc.tuple(
    json,
    fc.constantFrom('application/json' as const, 'tensor/base64' as const),
    fc.array(parameter, { maxLength: 3 }),
  ),
  ([body, envelope, given]) => {
    const query = new URLSearchParams(given)
    const read = readJsonRequest(body, envelope, query)
    if (!read.ok) return
    holds(read.value.bytes.length <= body.length, 'a latent is no longer than its text')
    for (const name of query.keys()) {
      holds(read.value.params.getAll(name).join() === query.getAll(name).join(), 'the query wins')
    }
  },
)

/** Latin-1 without what ends a line: what a header can hold. */
const headerText = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) }),
  long.map((value) => value.replace(/[\n\r]/g, '')),
  fc.base64String().map((value) => `Basic ${value}`),
  mutated(fc.constant('Bearer vg_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJK')).map((value) =>
    value.replace(/[^ -\xff]/g, ''),
  ),
)

const credentials = target(
  'a credential is none, or something that was sent',
  fc.tuple(headerText, headerText),
  ([authorization, apiKey]) => {
    const headers = new Headers({ authorization, 'x-api-key': apiKey })
    const found = readCredential(headers)
    if (found === undefined) return
    holds(found !== '', 'a credential is not empty')
    const basic = /^basic\s+(\S+)$/i.exec(authorization.trim())?.[1]
    const decoded = basic === undefined ? '' : Buffer.from(basic, 'base64').toString('latin1')
    holds(`${authorization}\n${apiKey}\n${decoded}`.includes(found), 'nothing is made up')
  },
)

const mediaRange = fc.constantFrom(
  'image/png',
  'image/*',
  '*/*',
  'tensor/binary;q=0.5',
  'application/json;q=0',
  'video/mp4;q=1.5',
  'text/plain;q=',
  'q=1',
)
const accepts = fc.oneof(
  headerText,
  fc.array(fc.oneof(mediaRange, headerText), { maxLength: 9 }).map((list) => list.join(',')),
)

const negotiations = target(
  'what is offered is something that can be made, or the list of it',
  fc.tuple(
    accepts,
    fc.constantFrom('pil', 'pt', 'mp4'),
    fc.constantFrom('jpg', 'png'),
    fc.constantFrom('image', 'video'),
  ),
  ([accept, output, format, kind]) => {
    const offer = negotiate(accept, output, format, kind)
    const any = negotiate('*/*', output, format, kind)
    holds(any.ok, 'whoever takes anything gets something')
    if (offer.ok) holds(/^[a-z]+\/[a-z0-9]+$/.test(typeOf(offer.value)), 'a type is one of ours')
    else holds(offer.error.length > 0, 'there is something to ask for')
    envelopeOf(accept)
    isLatentType(accept)
  },
)

const deadlines = target('a deadline is none, or one that is served', fc.oneof(text, long), (value) => {
  const ms = parseDeadline(value)
  holds(
    ms === undefined || (Number.isInteger(ms) && ms >= MIN_DEADLINE_MS && ms <= MAX_DEADLINE_MS),
    'it is in its bounds',
  )
})

const pauses = target(
  'a pause that a backend asks for is none, or a time',
  fc.oneof(text, long, fc.date().map(String)),
  (value) => {
    const ms = parseRetryAfter(value, 1_800_000_000_000)
    holds(ms === undefined || (Number.isFinite(ms) && ms >= 0), 'it is a time')
  },
)

const addresses = target(
  'an address has one network, and no text has two',
  fc.oneof(fc.ipV4(), fc.ipV6(), mutated(fc.ipV6()), mutated(fc.ipV4()), long),
  (address) => {
    const network = networkOf(address)
    if (network === undefined) return
    holds(
      /^(\d{1,3}(\.\d{1,3}){3}|([0-9a-f]{1,4}:){4}:\/64)$/.test(network),
      'a network is an address or a /64',
    )
    holds(networkOf(address.toUpperCase()) === network, 'capitals make no difference')
  },
)

const token = fc.stringMatching(/^[a-z][a-z0-9.-]{0,9}$/)
const lists = target(
  'a structured field is one line that ends where it ends',
  fc.array(
    fc.record({
      token,
      parameters: fc.dictionary(token, fc.oneof(token, fc.double({ noNaN: true })), {
        noNullPrototype: true,
      }),
    }),
    { maxLength: 4 },
  ),
  (items) => {
    const item = /^[a-z][a-z0-9.-]*(;[a-z][a-z0-9.-]*=([a-z][a-z0-9.-]*|-?[0-9]{1,12}\.[0-9]{1,3}))*$/
    const parts = formatList(items)
    holds(
      items.length === 0 || parts.split(', ').every((part) => item.test(part)),
      'every item is one by the grammar',
    )
  },
)

export const requestTargets: readonly Target[] = [
  queries,
  bodies,
  credentials,
  negotiations,
  deadlines,
  pauses,
  addresses,
  lists,
]
