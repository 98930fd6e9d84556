/** Keys, their secrets, cursors and what operators send. */
import fc from 'fast-check'
import { createKeySchema } from '../../src/admin/contract.ts'
import { formatCursor, parseCursor } from '../../src/admin/cursor.ts'
import { formatKey, KEY_PATTERN, packPayload, parseKey } from '../../src/auth/api-key.ts'
import { KeyRing, parsePeppers } from '../../src/auth/key-ring.ts'
import { holds, long, mutated, type Target, target, text } from './target.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const payload = fc.record({
  pepperId: fc.constant(1),
  keyId: fc.stringMatching(/^[0-9a-f]{16}$/),
  expiryDay: fc.nat(65_535),
  plan: fc.nat(65_535),
})
const wellFormed = fc.tuple(payload, bytes(16)).map(([facts, tag]) => formatKey(packPayload(facts), tag))

const keys = target(
  'a key is refused, or is the only text of its bytes',
  fc.oneof(wellFormed, mutated(wellFormed), text, long),
  (given) => {
    const key = parseKey(given)
    if (!key) return
    holds(KEY_PATTERN.test(given), 'a key looks like one')
    holds(formatKey(key.payloadBytes, key.tag) === given, 'its bytes give the same text')
  },
)

const ring = KeyRing.import([[1, Uint8Array.from({ length: 32 }, (_, i) => i)]])

const forgeries = target(
  'no key is good that was not minted',
  fc.oneof(wellFormed, mutated(wellFormed), text),
  async (given) => {
    const verified = await (await ring).verify(given, 0)
    holds(!verified.ok, 'it is refused')
  },
)

const pepper = fc
  .uint8Array({ minLength: 16, maxLength: 40 })
  .map((secret) => Buffer.from(secret).toString('base64'))
const secrets = fc
  .dictionary(fc.oneof(fc.nat(300).map(String), text), fc.oneof(pepper, text))
  .map((value) => JSON.stringify(value))

const peppers = target(
  'peppers are refused without being quoted, or read',
  fc.oneof(secrets, mutated(secrets), fc.json(), text),
  (given) => {
    const read = parsePeppers(given)
    if (read.ok) {
      holds(read.value.length > 0, 'there is one at least')
      for (const [id, secret] of read.value) holds(id >= 0 && id <= 255 && secret.length >= 16, 'each is one')
      return
    }
    for (const [secret] of given.matchAll(/[A-Za-z0-9+/=]{16,}/g))
      holds(!read.error.includes(secret), 'no secret is quoted')
  },
)

const cursors = target(
  'a cursor is refused, or goes on from one place',
  fc.oneof(text, long, mutated(fc.constant('m0c0ffee-00112233445566aa'))),
  (given) => {
    const place = parseCursor(given)
    if (!place) return
    holds(Number.isSafeInteger(place.createdAt), 'a place has a time')
    holds(
      JSON.stringify(parseCursor(formatCursor(place))) === JSON.stringify(place),
      'its text leads to the same place',
    )
  },
)

const records = target(
  'what operators send is refused or has the fields of a key',
  fc.oneof(
    fc.jsonValue(),
    fc.record(
      { name: text, plan: text, models: fc.jsonValue(), expires: text, overrides: fc.jsonValue() },
      { requiredKeys: ['name'] },
    ),
  ),
  (given) => {
    const read = createKeySchema.safeParse(given)
    if (!read.success) return
    holds(read.data.name.length > 0 && read.data.name.length <= 100, 'a name is short')
    holds(!/\p{Cc}/u.test(read.data.name), 'a name is one line')
  },
)

export const keyTargets: readonly Target[] = [keys, forgeries, peppers, cursors, records]
