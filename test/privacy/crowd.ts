/** Uploads that stop hold what others would need, and more wait for slots than there is room for. */
import { type Cast, JSON_BODY } from './cast.ts'
import { TENSOR } from './client.ts'

/** [1, 4, 300, 300] float32, of which the budget of bytes has room for one. */
const LARGE_QUERY =
  'output_type=pt&partial_postprocess=True&shape=1&shape=4&shape=300&shape=300&dtype=float32'
const LARGE_BYTES = 1_440_000

const HURRY = [['x-vae-deadline-ms', '2000'], ...TENSOR] as const
/** Long enough for some to wait behind a decode that is known to take two seconds at least. */
const PATIENT = [['x-vae-deadline-ms', '12000'], ...TENSOR] as const

export async function crowd(cast: Cast, key: string, other: string): Promise<void> {
  await Promise.all([holdBytes(cast, key), holdPlace(cast), stallOrder(cast)])
  const many = Array.from({ length: 60 }, (_, i) =>
    cast.decode('crowded', i % 4 === 0 ? other : key, { headers: PATIENT }),
  )
  const codes = (await Promise.all(many)).map(({ code }) => code)
  if (!codes.includes('quota-exceeded')) cast.complaints.push(`a crowd: ${[...new Set(codes)]}`)
}

async function holdBytes(cast: Cast, key: string): Promise<void> {
  const pieces = Array.from({ length: 22 }, () => cast.words.latent('a large one', 92))
  const large = { query: LARGE_QUERY, body: Buffer.concat(pieces, LARGE_BYTES) }
  const stalled = cast.decode('plain', key, { ...large, stalls: 3_000 })
  await cast.expectSoon('two large ones', () => cast.decode('plain', key, large), '503 isolate-busy')
  await stalled
}

async function holdPlace(cast: Cast): Promise<void> {
  const { key } = await cast.mint({ overrides: { concurrency: 1 } })
  const first = cast.decode('crowded', key, { headers: HURRY })
  await cast.expectSoon('two at once', () => cast.decode('plain', key), '429 too-many-at-once')
  await first
}

async function stallOrder(cast: Cast): Promise<void> {
  const body = Buffer.from(`{"name": "${cast.words.word('body', 'an order that stalls')}"}`)
  const facts = { headers: JSON_BODY, as: cast.operator, stalls: true, body }
  const told = await cast.client.ask({ route: 'POST /v1/admin/keys', ...facts })
  cast.expect('an order that stalls', told, '408 upload-timeout')
}
