/** A client that gives itself away in every place of a request, and keeps every byte that it is told. */
import { randomBytes } from 'node:crypto'
import type { Aviary } from './canary.ts'
import { type Answer, exchange, jsonOf, type Sent } from './exchange.ts'
import type { Upstream } from './upstream.ts'

export interface Ask extends Partial<Omit<Sent, 'target' | 'method' | 'headers'>> {
  /** As the OpenAPI document has it: `POST /v1/decode/{model}`. */
  readonly route: string
  readonly params?: Readonly<Record<string, string>>
  readonly query?: string
  readonly headers?: Sent['headers']
  /** Headers of a credential; none: nobody in particular. */
  readonly as?: Sent['headers']
  /** The latent in the body, when its picture may come back. */
  readonly latent?: Buffer
  /** The answer hands out a secret. */
  readonly handsOut?: string
}

export interface Told extends Answer {
  /** Name of the sink that the answer is. */
  readonly sink: string
  readonly route: string
  readonly code: string | undefined
}

export class TalkativeClient {
  readonly told: Told[] = []
  readonly #url: string
  readonly #aviary: Aviary
  readonly #upstream: Upstream
  #count = 0

  constructor(url: string, aviary: Aviary, upstream: Upstream) {
    this.#url = url
    this.#aviary = aviary
    this.#upstream = upstream
  }

  async ask({
    route,
    params = {},
    query = '',
    headers = [],
    as = [],
    latent,
    handsOut,
    ...rest
  }: Ask): Promise<Told> {
    const [method = '', template = ''] = route.split(' ')
    const sink = `answer ${++this.#count} to ${route}`
    if (latent) this.#upstream.own(latent, sink)
    const path = template.replace(/\{(\w+)\}/g, (_, name) => params[name] ?? '')
    const text = (kind: 'header' | 'query', name: string): string =>
      this.#aviary.text(kind, `${name} of ${route}`)
    const target = `${path}?${query}&${text('query', 'a name')}=${text('query', 'a value')}`
    const given = [...headers, ...as]
    const own = gossip(text).filter(([name]) => !given.some(([other]) => other.toLowerCase() === name))
    const answer = await exchange(this.#url, { method, target, headers: [...given, ...own], ...rest })
    const told = { ...answer, sink, route, code: jsonOf<{ code?: string }>(answer)?.code }
    this.told.push(told)
    if (handsOut !== undefined) {
      const secret = jsonOf<Record<string, unknown>>(answer)?.[handsOut]
      if (typeof secret === 'string') this.#aviary.add('key', `a key that ${route} made`, secret, sink)
    }
    return told
  }
}

/** What clients, proxies and pages say of themselves. */
const gossip = (text: (kind: 'header', name: string) => string): [string, string][] => [
  ['user-agent', `Mozilla/5.0 ${text('header', 'user-agent')}`],
  ['referer', `https://example.com/${text('header', 'referer')}`],
  ['cookie', `session=${text('header', 'cookie')}`],
  ['x-request-id', `not a good one: ${text('header', 'x-request-id')}`],
  ['traceparent', `00-${text('header', 'traceparent')}-01`],
  ['tracestate', `a=${text('header', 'tracestate')}`],
  ['baggage', `user=${text('header', 'baggage')}`],
  ['x-forwarded-for', text('header', 'x-forwarded-for')],
  ['cf-connecting-ip', text('header', 'cf-connecting-ip')],
  ['x-real-ip', text('header', 'x-real-ip')],
  ['forwarded', `for=${text('header', 'forwarded')}`],
  ['from', `${text('header', 'from')}@example.com`],
  ['accept-language', text('header', 'accept-language')],
  ['if-none-match', `"${text('header', 'if-none-match')}"`],
  ['origin', `https://${text('header', 'origin')}.example`],
  [`x-${text('header', 'the name of a header')}`, text('header', 'a header of no known name')],
]

/** Numbers of float16 between a quarter and one, with either sign: as many as such a latent has. */
export function randomLatent(aviary: Aviary, name: string, side = 8): Buffer {
  const latent = randomBytes(4 * side * side * 2)
  for (let i = 1; i < latent.length; i += 2) latent[i] = 0x34 | ((latent[i] ?? 0) & 0x87)
  aviary.add('latent', `the latent of ${name}`, latent)
  return latent
}

export const shapeOf = (side = 8): string => [1, 4, side, side].map((size) => `shape=${size}`).join('&')

/** Query of a decode to a uint8 picture. */
export const pictureQuery = (side = 8): string =>
  `output_type=pt&partial_postprocess=True&${shapeOf(side)}&dtype=float16&do_scaling=True`

export const TENSOR = [
  ['content-type', 'tensor/binary'],
  ['accept', 'tensor/binary'],
] as const
