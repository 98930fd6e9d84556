/** Backends that misbehave, and tell whatever they know of the request wherever a text can stand. */
import { createHash } from 'node:crypto'
import { head, pictureOf, sideOf, tensorHeaders } from '../support/behaviours.ts'
import {
  type BackendRequest,
  type Behaviour,
  type FakeBackend,
  isWell,
  startFakeBackend,
} from '../support/fake-backend.ts'
import type { Aviary } from './canary.ts'

/** What a backend of a scenario does at its first attempt, at its second and so on; the last one stays. */
export type Manners = readonly Misbehaviour[]
export type Misbehaviour = (upstream: Upstream) => Behaviour

export class Upstream {
  readonly aviary: Aviary
  readonly #manners = new Map<string, Manners>()
  readonly #attempts = new Map<string, number>()
  readonly #owners = new Map<string, string>()
  #backend: FakeBackend | undefined

  constructor(aviary: Aviary) {
    this.aviary = aviary
  }

  async start(): Promise<string> {
    this.#backend = await startFakeBackend((socket, request) => {
      const scenario = request.path.split('/')[1]?.replace(/-\d$/, '') ?? ''
      const attempt = this.#attempts.get(scenario) ?? 0
      this.#attempts.set(scenario, attempt + 1)
      const manners = this.#manners.get(scenario) ?? []
      const misbehave = manners[attempt] ?? manners.at(-1) ?? serves
      misbehave(this)(socket, request)
    })
    this.#backend.health = (socket, request) => {
      if (request.path.startsWith('/asleep')) complains('503')(this)(socket, request)
      else isWell(socket, request)
    }
    return this.#backend.url
  }

  teach(scenario: string, manners: Manners): void {
    this.#manners.set(scenario, manners)
  }

  /** The picture of a latent belongs into one answer. */
  own(latent: Uint8Array, sink: string): void {
    this.#owners.set(digest(latent), sink)
  }

  /** The right answer to a request, known as a canary. */
  picture(request: BackendRequest): Buffer {
    const picture = pictureOf(request.body, sideOf(request))
    const owner = this.#owners.get(digest(request.body)) ?? 'nowhere'
    this.aviary.add('picture', `a picture for ${owner}`, picture, owner)
    return picture
  }

  /** A text that no client may be told. */
  secret(name: string): string {
    return this.aviary.text('upstream', name)
  }

  /** All that backends were told of a request beside its latent. */
  heard(): Buffer {
    const { requests = [], probes = [] } = this.#backend ?? {}
    const told = [...requests, ...probes].map(({ method, path, query, headers }) => ({
      method,
      path,
      query: query.toString(),
      headers,
    }))
    return Buffer.from(told.map((one) => JSON.stringify(one)).join('\n'))
  }

  get count(): number {
    return this.#backend?.requests.length ?? 0
  }

  async stop(): Promise<void> {
    await this.#backend?.stop()
  }
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Headers that a client has no business to see. */
const gossip = (upstream: Upstream): Record<string, string> => ({
  server: upstream.secret('server'),
  'set-cookie': `session=${upstream.secret('set-cookie')}; Path=/`,
  via: `1.1 ${upstream.secret('via')}`,
  'x-weights': `"${upstream.secret('malformed x-weights')}"`,
  'x-request-id': upstream.secret('x-request-id of a backend'),
  'x-debug': upstream.secret('x-debug'),
})

/** A right answer in gossiping headers. */
export const serves: Misbehaviour = (upstream) => (socket, request) => {
  const picture = upstream.picture(request)
  const headers = { ...tensorHeaders(request), ...gossip(upstream), 'content-length': picture.length }
  socket.write(`HTTP/1.1 103 Early Hints\r\nlink: <${upstream.secret('early hint')}>\r\n\r\n`)
  socket.write(head({ status: `200 ${upstream.secret('reason phrase')}`, headers }))
  socket.write(picture)
}

/** The latent in the ways in which servers quote it, and the text of an error. */
function complaint(upstream: Upstream, { body }: BackendRequest, text: string): Buffer {
  const quotes = [body.toString('latin1'), body.toString('hex'), body.toString('base64')]
  return Buffer.from(JSON.stringify({ error: text, detail: upstream.secret('error body'), quotes }))
}

/** An error of this status that quotes the latent. */
export const complains =
  (status: string, text = 'failed', headers: Record<string, string> = {}): Misbehaviour =>
  (upstream) =>
  (socket, request) => {
    const body = complaint(upstream, request, text)
    const all = {
      'content-type': 'application/json',
      ...gossip(upstream),
      ...headers,
      'content-length': body.length,
    }
    socket.write(head({ status: `${status} ${upstream.secret('reason phrase of an error')}`, headers: all }))
    socket.write(body)
  }

/** 200, but something else than the picture that was asked for. */
export const answersWrong =
  (headers: Record<string, string | number>, extraBytes = 0): Misbehaviour =>
  (upstream) =>
  (socket, request) => {
    const picture = upstream.picture(request)
    const body = extraBytes < 0 ? picture.subarray(0, extraBytes) : picture
    socket.write(head({ headers: { ...tensorHeaders(request), 'content-length': body.length, ...headers } }))
    socket.write(body)
  }

/** A page in the place of a picture. */
export const showsPage: Misbehaviour = (upstream) => (socket, request) => {
  const body = Buffer.from(`<html>${upstream.secret('a page')} ${request.body.toString('base64')}</html>`)
  socket.write(head({ headers: { 'content-type': 'text/html', 'content-length': body.length } }))
  socket.write(body)
}

/** Part of the right answer, then a reset. */
export const breaksOff =
  (share: number): Misbehaviour =>
  (upstream) =>
  (socket, request) => {
    const picture = upstream.picture(request)
    socket.write(head({ headers: { ...tensorHeaders(request), 'content-length': picture.length } }))
    // A reset drops what is still on its way.
    socket.write(picture.subarray(0, picture.length * share), () =>
      setTimeout(() => socket.resetAndDestroy(), 200),
    )
  }

/** Begins to answer, and leaves the rest for later. */
export const lingers: Misbehaviour = (upstream) => (socket, request) => {
  const picture = upstream.picture(request)
  socket.write(head({ headers: { ...tensorHeaders(request), 'content-length': picture.length } }))
  socket.write(picture.subarray(0, picture.length / 2))
}

export const redirects =
  (to: string): Misbehaviour =>
  (upstream) =>
  (socket) => {
    const location = `${to}${upstream.secret('location')}`
    socket.write(head({ status: '307 Elsewhere', headers: { location, 'content-length': 0 } }))
  }

export const resets: Misbehaviour = () => (socket) => {
  socket.resetAndDestroy()
}

export const hangs: Misbehaviour = () => () => undefined
