/** Every fault of a backend: beside a healthy one nobody notices, alone it ends in an honest problem. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer, cut, endless, hang, mislabelled, pictureOf, reset, serve } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { type Behaviour, type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { slotsAreFree, startTestGateway, type TestGateway } from '../support/gateway.ts'

interface Row {
  readonly id: string
  readonly fault: string
  /** Undefined: nothing listens. */
  readonly behaviour: Behaviour | undefined
  readonly alone: { readonly status: number; readonly code: string; readonly retryAfter?: boolean }
}

const html = '<html><body>Please log in</body></html>'
const unreachable = { status: 502, code: 'upstream-unreachable', retryAfter: true }
const invalid = { status: 502, code: 'upstream-invalid-response' }
const misconfigured = { status: 502, code: 'upstream-misconfigured' }
const failed = { status: 502, code: 'upstream-error', retryAfter: true }
const tooLarge = { status: 422, code: 'decode-too-large' }

const rows: Row[] = [
  { id: 'B1', fault: 'refuses the connection', behaviour: undefined, alone: unreachable },
  {
    id: 'B4',
    fault: 'is out of reach for its edge (522)',
    behaviour: answer('522 Timed Out', ''),
    alone: unreachable,
  },
  {
    id: 'B5',
    fault: 'hangs before its headers',
    behaviour: hang,
    alone: { status: 504, code: 'deadline-exceeded', retryAfter: true },
  },
  { id: 'B7', fault: 'cuts a body with a length (FIN)', behaviour: cut('length', 'fin'), alone: unreachable },
  {
    id: 'B7',
    fault: 'cuts a body with a length (RST)',
    behaviour: cut('length', 'reset'),
    alone: unreachable,
  },
  { id: 'B8', fault: 'cuts a chunked body', behaviour: cut('chunked', 'fin'), alone: unreachable },
  {
    id: 'B8',
    fault: 'cuts a body that ends with the connection',
    behaviour: cut('close', 'fin'),
    alone: unreachable,
  },
  {
    id: 'B9',
    fault: 'declares another length',
    behaviour: mislabelled({}, 1),
    alone: invalid,
  },
  {
    id: 'B9',
    fault: 'sends more than the picture without a length',
    behaviour: endless,
    alone: invalid,
  },
  {
    id: 'B10',
    fault: 'answers a login page with 200',
    behaviour: answer('200 OK', html, { 'content-type': 'text/html' }),
    alone: invalid,
  },
  {
    id: 'B11',
    fault: 'answers a JSON error with 200',
    behaviour: answer('200 OK', '{"error":"x"}', { 'content-type': 'application/json' }),
    alone: invalid,
  },
  {
    id: 'B11',
    fault: 'answers another shape',
    behaviour: mislabelled({ shape: '[1,3,64,64]' }),
    alone: invalid,
  },
  { id: 'B11', fault: 'answers another dtype', behaviour: mislabelled({ dtype: 'float64' }), alone: invalid },
  {
    id: 'B12',
    fault: 'answers 400 with CUDA out of memory',
    behaviour: answer('400 Bad Request', '{"error":"CUDA out of memory. Tried to allocate 2.00 GiB"}'),
    alone: tooLarge,
  },
  {
    id: 'B13',
    fault: 'answers 400 to a good request',
    behaviour: answer('400 Bad Request', '{"error":"expected str"}'),
    alone: { status: 422, code: 'rejected-by-backend' },
  },
  { id: 'B14', fault: 'answers 401', behaviour: answer('401 Unauthorized', '{}'), alone: misconfigured },
  { id: 'B14', fault: 'answers 404', behaviour: answer('404 Not Found', 'gone'), alone: misconfigured },
  { id: 'B15', fault: 'answers 413', behaviour: answer('413 Too Large', ''), alone: tooLarge },
  { id: 'B16', fault: 'answers 500', behaviour: answer('500 Oops', 'stack'), alone: failed },
  {
    id: 'B17',
    fault: 'answers 504 from its proxy',
    behaviour: answer('504 Gateway Timeout', ''),
    alone: failed,
  },
  {
    id: 'B19',
    fault: 'answers 503 with Retry-After',
    behaviour: answer('503 Busy', '', { 'retry-after': '120' }),
    alone: { status: 503, code: 'no-capacity', retryAfter: true },
  },
  {
    id: 'B20',
    fault: 'redirects',
    behaviour: answer('302 Found', '', { location: 'http://169.254.169.254/latest/meta-data/' }),
    alone: misconfigured,
  },
  {
    id: 'B23',
    fault: 'compresses its answer',
    behaviour: mislabelled({ 'content-encoding': 'gzip' }),
    alone: invalid,
  },
  { id: 'B26', fault: 'resets before its headers', behaviour: reset, alone: unreachable },
  {
    id: 'B29',
    fault: 'answers another attempt',
    behaviour: mislabelled({ 'x-attempt-id': 'other' }),
    alone: invalid,
  },
]

describe.each(rows)('$id a backend $fault', ({ id, behaviour, alone }) => {
  let faulty: FakeBackend
  let onlyFaulty: FakeBackend
  let healthy: FakeBackend
  let gateway: TestGateway

  beforeAll(async () => {
    faulty = await startFakeBackend(behaviour ?? serve)
    onlyFaulty = await startFakeBackend(behaviour ?? serve)
    healthy = await startFakeBackend(serve)
    if (!behaviour) await Promise.all([faulty.stop(), onlyFaulty.stop()])
    gateway = await startTestGateway({
      BACKENDS: [
        { id: 'faulty', url: faulty.url, models: ['sd-v1'] },
        { id: 'healthy', url: healthy.url, models: ['sd-v1'] },
        { id: 'only-faulty', url: onlyFaulty.url, models: ['sdxl'] },
      ],
      DISPATCH: { attemptTimeoutMs: 500, deadlineMs: 5000 },
    })
  })

  afterAll(async () => {
    await gateway.stop()
    await Promise.all([healthy.stop(), ...(behaviour ? [faulty.stop(), onlyFaulty.stop()] : [])])
  })

  test(`${id}: goes unnoticed beside a healthy one`, async () => {
    const latent = uniqueLatent()
    const response = await decode(gateway, `/sd-v1?${pictureQuery()}`, latent)
    const picture = Buffer.from(await response.arrayBuffer())
    expect(response.status).toBe(200)
    expect(response.headers.get('x-vae-backend')).toBe('healthy')
    expect(response.headers.get('x-vae-attempts')).toBe('2')
    expect(picture.equals(pictureOf(latent))).toBe(true)
    await slotsAreFree(gateway, 'faulty')
  })

  test(`${id}: alone it ends in ${alone.status} ${alone.code}`, async () => {
    const response = await decode(gateway, `/sdxl?${pictureQuery()}`, uniqueLatent())
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ code: alone.code, status: alone.status })
    expect(response.headers.has('retry-after')).toBe(alone.retryAfter ?? false)
    await slotsAreFree(gateway, 'only-faulty')
  })
})
