/** What others answer: heads of backends, which are not trusted, and of a gateway, which clients need not trust. */
import fc from 'fast-check'
import { factsOf } from '../../src/client/answer/facts.ts'
import { readProblem } from '../../src/client/problem.ts'
import { parseRetryAfter } from '../../src/client/send/retry.ts'
import { checkHeaders } from '../../src/dispatch/check-headers.ts'
import { FLOATS } from '../../src/models/answer.ts'
import { passedHeaders } from '../../src/privacy/response-headers.ts'
import { HEADER, parseShape } from '../../src/wire/headers.ts'
import { formatList, parseList } from '../../src/wire/structured-field.ts'
import { headerText, holds, long, mutated, type Target, target, text } from './target.ts'

const EXPECTED = {
  kind: 'tensor',
  mediaType: 'tensor/binary',
  shape: [1, 3, 64, 64],
  dtypes: FLOATS,
} as const
const FILE = { kind: 'video', mediaType: 'video/mp4' } as const
const MAX_BYTES = 1_000_000

const field = (...good: string[]): fc.Arbitrary<string | undefined> =>
  fc.option(fc.oneof(fc.constantFrom(...good), mutated(fc.constantFrom(...good)).map(latin1), headerText), {
    nil: undefined,
  })
/** What a header can hold of a text. */
const latin1 = (value: string): string => value.replace(/[^\t -~\x80-\xff]/g, '')

const answerHead = fc
  .record({
    'content-type': field('tensor/binary', 'application/octet-stream', 'video/mp4', 'text/plain'),
    'content-length': field('24576', '49152', '0', '99999999999999999999', '-1', '0x10', '1e3', '12, 12'),
    'content-encoding': field('identity', 'gzip'),
    [HEADER.shape]: field('[1,3,64,64]', '[1, 3, 64, 64]', '[]', '[1e9]', '[0,3,64,64]'),
    [HEADER.dtype]: field('float16', 'float32', 'uint8', '__proto__'),
    [HEADER.attemptId]: field('a-1', 'a-2'),
    [HEADER.quality]: field('preview', '<b>', 'a\tb'),
    'x-weights': field('taesd', 'x'.repeat(200)),
  })
  .map((fields) => new Headers(Object.entries(fields).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]]))))

const heads = target(
  'the head of an answer is refused, or says how many bytes there are at most',
  fc.tuple(answerHead, fc.constantFrom(EXPECTED, FILE)),
  ([headers, expected]) => {
    const head = checkHeaders(headers, expected, 'a-1', MAX_BYTES)
    if (head.ok) {
      const { byteLength = 0, maxBytes } = head.value
      holds(Number.isSafeInteger(byteLength) && byteLength >= 0 && byteLength <= maxBytes, 'a length is one')
      holds(maxBytes <= MAX_BYTES, 'there is a bound')
      holds((headers.get(HEADER.attemptId) ?? 'a-1') === 'a-1', 'it is the answer to this attempt')
    }
    for (const value of Object.values(passedHeaders(headers))) {
      holds(
        value.length <= 128 && /^[ -~]*$/.test(value) && !/["'<>,;\\]/.test(value),
        'what passes is plain',
      )
    }
  },
)

const shapes = target(
  'a shape is refused, or is whole numbers',
  fc.oneof(text, long, mutated(fc.constant('[1,3,512,512]'))),
  (given) => {
    const shape = parseShape(given)
    holds(
      !shape || (shape.length < 100 && shape.every((side) => Number.isInteger(side) && side > 0)),
      'sides',
    )
  },
)

const token = fc.stringMatching(/^[a-z][a-z0-9.-]{0,9}$/)
const items = fc.array(
  fc.record({
    token,
    parameters: fc.dictionary(token, fc.oneof(token, fc.integer({ min: -99_999, max: 99_999 })), {
      noNullPrototype: true,
    }),
  }),
  { maxLength: 4 },
)
const lists = target('a list that is written is read as it was', items, (given) => {
  const read = parseList(formatList(given))
  holds(JSON.stringify(read) === JSON.stringify(given), 'it is the same')
})

const told = target(
  'a client makes sense of whatever it is told, or none',
  fc.tuple(
    headerText,
    headerText,
    fc.oneof(text, fc.json(), mutated(fc.constant('{"code":"a","detail":"b"}'))),
  ),
  ([warning, timing, body]) => {
    const given = { [HEADER.warning]: warning, [HEADER.serverTiming]: timing, [HEADER.attempts]: warning }
    const { warnings, timings } = factsOf(new Headers(given))
    holds(
      warnings.every(({ code }) => /^[\w.-]+$/.test(code)),
      'a code is one word',
    )
    holds(Object.values(timings).every(Number.isFinite), 'a time is a number')
    const found = readProblem(body)
    holds(!found || (typeof found.code === 'string' && typeof found.type === 'string'), 'texts are texts')
    const ms = parseRetryAfter(warning, 0)
    holds(ms === undefined || ms >= 0, 'a pause is a time')
  },
)

export const answerTargets: readonly Target[] = [heads, shapes, lists, told]
