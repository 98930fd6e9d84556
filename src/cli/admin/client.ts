/** The admin API of a gateway that runs, as a value or the reason there is none. */
import {
  type CreateKey,
  configSchema,
  type Key,
  type KeyDetail,
  type KeyPage,
  keyDetailSchema,
  keyPageSchema,
  keySchema,
  type MintedKey,
  mintedKeySchema,
  type Order,
  type OrderedBackend,
  orderedBackendSchema,
  type PoolReport,
  poolsSchema,
  type Usage,
  usageSchema,
} from '../../admin/contract.ts'
import { type ProblemDocument, parseJson, readProblem } from '../../client/problem.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { reasonOf } from '../answers.ts'

export interface AdminAccess {
  /** Of the gateway, without a slash at its end. */
  readonly url: string
  readonly token: string
}

/**
 * - `unreachable`: no answer, with what the connection failed of
 * - `problem`: the gateway said no
 * - `unexpected`: something answered that is no gateway of this release
 */
export type AdminFailure =
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'problem'; readonly status: number; readonly problem: ProblemDocument }
  | { readonly kind: 'unexpected'; readonly status: number }

type Answer<T> = Promise<Result<T, AdminFailure>>

/** As much of a zod schema as is needed here. */
interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false }
}

/** Waking a backend is the slowest thing that can be asked for. */
const TIMEOUT_MS = 90_000

export class AdminClient {
  readonly #access: AdminAccess
  readonly #fetch: typeof fetch

  readonly #unwanted: AbortSignal | undefined

  /** @param unwanted fires when nobody wants an answer any more */
  constructor(access: AdminAccess, fetcher: typeof fetch, unwanted?: AbortSignal) {
    this.#access = access
    this.#fetch = fetcher
    this.#unwanted = unwanted
  }

  createKey(key: CreateKey): Answer<MintedKey> {
    return this.#ask('POST', '/keys', mintedKeySchema, key)
  }

  /** @param cursor of the page before; the first page without it */
  listKeys(limit: number, cursor?: string): Answer<KeyPage> {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor === undefined ? {} : { cursor }) })
    return this.#ask('GET', `/keys?${query}`, keyPageSchema)
  }

  showKey(id: string): Answer<KeyDetail> {
    return this.#ask('GET', `/keys/${id}`, keyDetailSchema)
  }

  /** @returns the new key; the old one is good for so many hours more */
  rotateKey(id: string, graceHours: number | undefined): Answer<MintedKey> {
    return this.#ask(
      'POST',
      `/keys/${id}/rotate`,
      mintedKeySchema,
      graceHours === undefined ? {} : { graceHours },
    )
  }

  /** @param isUnseen whether a key is meant that the gateway has never seen */
  revokeKey(id: string, isUnseen: boolean): Answer<Key> {
    return this.#ask('POST', `/keys/${id}/revoke`, keySchema, isUnseen ? { isUnseen } : {})
  }

  usage(id: string, days: number): Answer<Usage> {
    return this.#ask('GET', `/keys/${id}/usage?days=${days}`, usageSchema)
  }

  async pools(): Answer<readonly PoolReport[]> {
    const answer = await this.#ask('GET', '/pools', poolsSchema)
    return answer.ok ? ok(answer.value.pools) : answer
  }

  order(backendId: string, order: Order): Answer<OrderedBackend> {
    return this.#ask('POST', `/backends/${encodeURIComponent(backendId)}/${order}`, orderedBackendSchema, {})
  }

  config(): Answer<Record<string, unknown>> {
    return this.#ask('GET', '/config', configSchema)
  }

  async #ask<T>(method: string, path: string, schema: Schema<T>, body?: unknown): Answer<T> {
    const { url, token } = this.#access
    let response: Response
    let text: string
    try {
      response = await this.#fetch(`${url}/v1/admin${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect would carry the token to somewhere nobody named.
        redirect: 'manual',
        signal: AbortSignal.any([
          AbortSignal.timeout(TIMEOUT_MS),
          ...(this.#unwanted ? [this.#unwanted] : []),
        ]),
      })
      text = await response.text()
    } catch (error) {
      return err({ kind: 'unreachable', reason: reasonOf(error) })
    }
    const { status } = response
    if (!response.ok) {
      const problem = readProblem(text)
      return err(problem ? { kind: 'problem', status, problem } : { kind: 'unexpected', status })
    }
    const parsed = schema.safeParse(parseJson(text))
    return parsed.success ? ok(parsed.data) : err({ kind: 'unexpected', status })
  }
}
