/** Who takes part in a run, and what they can do. */
import type { Aviary } from './canary.ts'
import { type Ask, pictureQuery, randomLatent, TalkativeClient, TENSOR, type Told } from './client.ts'
import { jsonOf } from './exchange.ts'
import type { Secrets } from './gateway-process.ts'
import { bearer, type Credential } from './keys.ts'
import type { Words } from './mistakes.ts'
import type { Upstream } from './upstream.ts'

export const JSON_BODY = [['content-type', 'application/json']] as const

/** Something that takes effect a moment later is asked for so often at most. */
const TRIES = 10

export interface Minted {
  readonly id: string
  readonly key: string
}

export class Cast {
  readonly client: TalkativeClient
  readonly aviary: Aviary
  readonly upstream: Upstream
  readonly secrets: Secrets
  readonly operator: Credential
  readonly words: Words
  /** What did not happen as it should have. */
  readonly complaints: string[] = []

  constructor(url: string, aviary: Aviary, upstream: Upstream, secrets: Secrets) {
    this.client = new TalkativeClient(url, aviary, upstream)
    this.aviary = aviary
    this.upstream = upstream
    this.secrets = secrets
    this.operator = bearer(secrets.ADMIN_TOKEN)
    this.words = {
      word: (kind, name) => aviary.text(kind, name),
      latent: (name, side) => randomLatent(aviary, name, side),
    }
  }

  /** A key, as operators make them. */
  async mint(record: object = {}): Promise<Minted> {
    const body = Buffer.from(JSON.stringify({ name: 'a key of the run', ...record }))
    const facts = { headers: JSON_BODY, body, as: this.operator, handsOut: 'key' }
    const told = await this.client.ask({ route: 'POST /v1/admin/keys', ...facts })
    const made = jsonOf<Minted>(told)
    if (!made?.key) throw new Error(`No key was made: ${told.status} ${told.body}`)
    return made
  }

  /** A decode to a picture, of a latent that nobody else sends. */
  decode(model: string, key: string, changes: Partial<Ask> = {}, side = 8): Promise<Told> {
    const latent = this.words.latent(model, side)
    const facts = { params: { model }, query: pictureQuery(side), headers: TENSOR, body: latent, latent }
    return this.client.ask({ route: 'POST /{model}', ...facts, as: bearer(key), ...changes })
  }

  /** @param ends status and code; undefined: whatever it is */
  expect(what: string, told: Told, ends: string | undefined): void {
    const found = endOf(told)
    if (ends !== undefined && found !== ends) this.complaints.push(`${what}: ${found} and not ${ends}`)
  }

  /** Asks until it ends so. */
  async expectSoon(what: string, ask: () => Promise<Told>, ends: string): Promise<void> {
    let told = await ask()
    for (let tries = 1; tries < TRIES && endOf(told) !== ends; tries++) told = await ask()
    this.expect(what, told, ends)
  }
}

const endOf = ({ status, code }: Told): string => `${status}${code ? ` ${code}` : ''}`
