/** A fake backend: a queue, slots that are taken for as long as its curve says, and a network that takes its time. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FieldBackend } from '../scenario.ts'
import { type RandomStream, streamOf } from '../simulation/engine/random.ts'
import { answerOf, pixelsOf } from './work.ts'

export interface FakeState {
  /** Decodes that were begun. */
  readonly decodes: number
  /** When it was or will be awake after a cold start, as in Date.now(). */
  readonly awakeAt: number | null
}

export class FakeBackend {
  readonly #backend: FieldBackend
  readonly #random: RandomStream
  #free: number
  readonly #waiting: (() => void)[] = []
  readonly #seen = new Map<string, number>()
  #decodes = 0
  #firstAt: number | undefined

  constructor(backend: FieldBackend, name: string) {
    this.#backend = backend
    this.#free = backend.slots
    this.#random = streamOf(1, name)
  }

  get state(): FakeState {
    const { coldStartMs } = this.#backend
    const awakeAt = (this.#firstAt ?? Number.NaN) + (coldStartMs ?? Number.NaN)
    return { decodes: this.#decodes, awakeAt: Number.isNaN(awakeAt) ? null : awakeAt }
  }

  serve(): Server {
    return createServer((request, response) => {
      // The other end may leave at any time.
      void this.#answer(request, response).catch(() => response.destroy())
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://backend')
    if (pathname === '/field/state') return void response.end(JSON.stringify(this.state))
    const { networkMs, saysComputeMs } = this.#backend
    const isDecode = request.method === 'POST'
    if (networkMs > 0) await sleep(networkMs)
    if (isDecode) this.#firstAt ??= Date.now()
    for await (const _ of request);
    const isUp = this.#isUp()
    const computeMs = isDecode && isUp ? await this.#decode(pixelsOf(searchParams), response) : 0
    if (networkMs > 0) await sleep(networkMs)
    if (!isUp) return void response.writeHead(503, { 'content-length': 0 }).end()
    if (!isDecode) return void response.end('ok')
    const { type, bytes } = answerOf(pixelsOf(searchParams))
    if (saysComputeMs) response.setHeader('x-compute-ms', computeMs.toFixed(1))
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(bytes)
  }

  #isUp(): boolean {
    const { coldStartMs } = this.#backend
    return coldStartMs === undefined || Date.now() >= (this.state.awakeAt ?? Number.POSITIVE_INFINITY)
  }

  /** One whose client leaves while it waits is not begun; what has begun is not stopped, as on a GPU. */
  async #decode(pixels: ReturnType<typeof pixelsOf>, response: ServerResponse): Promise<number> {
    await this.#slot(response)
    const shape = Object.values(pixels).join('x')
    const nthOfShape = (this.#seen.get(shape) ?? 0) + 1
    this.#seen.set(shape, nthOfShape)
    this.#decodes++
    const upForMs = Date.now() - (this.#firstAt ?? Date.now())
    const random = () => this.#random.uniform()
    const ms = this.#backend.curve.decodeMs({ ...pixels, nthOfShape, upForMs, random })
    if (ms === Number.POSITIVE_INFINITY) await new Promise(() => undefined)
    await sleep(ms)
    this.#release()
    return ms
  }

  #slot(response: ServerResponse): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve()
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    response.once('close', () => {
      const at = this.#waiting.indexOf(resolve)
      if (at >= 0) this.#waiting.splice(at, 1)
      reject(new Error('left'))
    })
    return promise
  }

  #release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}
