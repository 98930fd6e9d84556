/** What the gateway says of an answer beside it. */
import { HEADER } from '../../wire/headers.ts'
import { essence } from '../../wire/media-types.ts'
import { parseList } from '../../wire/structured-field.ts'

/** Something looks wrong about the latent; `/warnings/{code}` of the gateway explains it. */
export interface Warning {
  readonly code: string
  /** The numbers behind it: `{ std: 5.17, expected: 1 }` */
  readonly parameters: Readonly<Record<string, number | string>>
}

export interface AnswerFacts {
  /** Id of the model that was used. */
  readonly model: string | undefined
  readonly backend: string | undefined
  /** Backends that the gateway tried. */
  readonly attempts: number
  /** `preview` where the picture is an approximate one. */
  readonly quality: string | undefined
  readonly warnings: readonly Warning[]
  /** Milliseconds by name: auth, limit, upload, queue, backend, total. */
  readonly timings: Readonly<Record<string, number>>
  readonly requestId: string | undefined
  readonly mediaType: string
  /** All of them. */
  readonly headers: Headers
}

export const factsOf = (headers: Headers): AnswerFacts => ({
  model: headers.get(HEADER.model) ?? undefined,
  backend: headers.get(HEADER.backend) ?? undefined,
  attempts: Number(headers.get(HEADER.attempts) ?? 1),
  quality: headers.get(HEADER.quality) ?? undefined,
  warnings: parseList(headers.get(HEADER.warning) ?? '').map(({ token, parameters }) => ({
    code: token,
    parameters,
  })),
  timings: timingsOf(headers.get(HEADER.serverTiming) ?? ''),
  requestId: headers.get(HEADER.requestId) ?? undefined,
  mediaType: essence(headers.get('content-type') ?? ''),
  headers,
})

function timingsOf(text: string): Record<string, number> {
  const spans = parseList(text).flatMap(({ token, parameters: { dur } }) =>
    typeof dur === 'number' ? [[token, dur] as const] : [],
  )
  return Object.fromEntries(spans)
}
