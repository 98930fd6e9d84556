/** Each fault of a backend twice: beside a healthy backend nobody notices, alone it ends in an honest problem. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from './audit.ts'
import { pictureOf, serve } from './behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from './client.ts'
import {
  type Behaviour,
  type FakeBackend,
  type FakeBackendOptions,
  startFakeBackend,
} from './fake-backend.ts'
import { startTestGateway, type TestGateway } from './gateway.ts'

export interface FaultRow {
  readonly id: string
  /** Completes "a backend that …". */
  readonly fault: string
  readonly behaviour?: Behaviour
  /** Its behaviour before a request has come whole. */
  readonly early?: Behaviour
  readonly options?: FakeBackendOptions
  /** Where it is said to be, instead of where it is. */
  readonly urlOf?: (url: string) => string | Promise<string>
  readonly settings?: Readonly<Record<string, unknown>>
  /** What the client is told when there is no other. */
  readonly alone: { readonly status: number; readonly code: string; readonly retryAfter?: boolean }
}

/** Image models of eightfold compression that share no backend, so that each can have a pool of its own. */
const ROOMS: readonly (readonly [model: string, channels: number])[] = [
  ...[
    'sd-v1',
    'pixart-alpha',
    'sdxl',
    'pixart-sigma',
    'auraflow',
    'hunyuan-dit',
    'lumina-next',
    'omnigen',
  ].map((model) => [model, 4] as const),
  ...['flux', 'chroma', 'hidream', 'lumina2', 'z-image', 'omnigen2', 'sd3', 'cogview4'].map(
    (model) => [model, 16] as const,
  ),
]
const ROWS_AT_A_TIME = ROOMS.length / 2

/** Attempts after which a backend must have been asked that is as good as the other for all that is known. */
const PATIENCE = 30

export function faultMatrix(rows: readonly FaultRow[]): void {
  for (let first = 0; first < rows.length; first += ROWS_AT_A_TIME) {
    describe(`rows ${first + 1} and on`, () => someRows(rows.slice(first, first + ROWS_AT_A_TIME)))
  }
}

interface Room {
  readonly beside: Place
  readonly alone: Place
}

const poolOf = (model: string): string => `faulty-${model}`

/** A model that is served by one backend of the matrix, beside another or alone. */
class Place {
  readonly path: string
  /** Named after its first backend. */
  readonly pool: string
  readonly faulty: FakeBackend
  readonly #channels: number

  constructor(model: string, channels: number, faulty: FakeBackend) {
    this.path = `/${model}?${pictureQuery(8, channels)}`
    this.pool = poolOf(model)
    this.faulty = faulty
    this.#channels = channels
  }

  latent(): Uint8Array<ArrayBuffer> {
    return uniqueLatent(8, this.#channels)
  }
}

function someRows(rows: readonly FaultRow[]): void {
  const rooms: Room[] = []
  let healthy: FakeBackend
  let gateway: TestGateway

  beforeAll(async () => {
    healthy = await startFakeBackend(serve)
    const backends: object[] = []
    const place = async (row: FaultRow, index: number): Promise<Place> => {
      const [model, channels] = ROOMS[index] ?? ['', 0]
      const faulty = await startFakeBackend(row.behaviour ?? serve, row.options)
      faulty.early = row.early
      const url = new URL(`${model}/`, (await row.urlOf?.(faulty.url)) ?? faulty.url).href
      backends.push({ id: poolOf(model), url, models: [model], ...row.settings })
      return new Place(model, channels, faulty)
    }
    for (const [index, row] of rows.entries()) {
      const beside = await place(row, 2 * index)
      const models = ROOMS.slice(2 * index, 2 * index + 1).map(([model]) => model)
      backends.push({ id: `healthy-${index}`, url: `${healthy.url}${index}/`, models })
      rooms.push({ beside, alone: await place(row, 2 * index + 1) })
    }
    gateway = await startTestGateway({
      BACKENDS: backends,
      DISPATCH: { attemptTimeoutMs: 500, deadlineMs: 5000 },
    })
  })
  afterAll(async () => {
    await gateway.stop()
    const faulty = rooms.flatMap(({ beside, alone }) => [beside.faulty, alone.faulty])
    await Promise.all([healthy, ...faulty].map((backend) => backend.stop()))
  })

  describe.each(rows.map((row, index) => ({ ...row, index })))('$id', ({ id, fault, alone, index }) => {
    test(`${id}: a backend that ${fault} goes unnoticed beside a healthy one`, async () => {
      const { beside } = rooms[index] as Room
      let attempts = 0
      for (let asked = 0; attempts < 2 && beside.faulty.requests.length === 0; asked++) {
        expect(asked, 'requests without the faulty backend').toBeLessThan(PATIENCE)
        const latent = beside.latent()
        const response = await decode(gateway, beside.path, latent)
        const picture = Buffer.from(await response.arrayBuffer())
        expect(response.status).toBe(200)
        expect(response.headers.get('x-vae-backend')).toBe(`healthy-${index}`)
        expect(picture.equals(pictureOf(latent))).toBe(true)
        attempts = Number(response.headers.get('x-vae-attempts'))
      }
      await audit(gateway, [beside.pool])
    })

    test(`${id}: alone, one that ${fault} ends in ${alone.status} ${alone.code}`, async () => {
      const { alone: place } = rooms[index] as Room
      const response = await decode(gateway, place.path, place.latent())
      expect(await problemOf(response)).toMatchObject({ code: alone.code, status: alone.status })
      expect(response.headers.has('retry-after')).toBe(alone.retryAfter ?? false)
      await audit(gateway, [place.pool])
    })
  })
}
