/** A decoder on a raw socket that takes its time, answers rightly, and fails when it is told to. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { answer, serve } from '../support/behaviours.ts'
import { type Behaviour, readRequests } from '../support/fake-backend.ts'
import { decodeMsOf } from './latent.ts'

/** What is wrong with a backend for a while. */
export interface Trouble {
  readonly name: string
  /** How it answers a decode; undefined: it does not listen at all. */
  readonly behaviour?: Behaviour
  /** Whether its health is bad as well, and asked for gets the same answer. */
  readonly isDown: boolean
}

/** Past troubles that a backend remembers. */
const REMEMBERED = 20

const healthy = answer('200 OK', '{"status":"ok"}', { 'content-type': 'application/json' })

export class SoakBackend {
  readonly id: string
  readonly port: number
  /** Connections that are open now. */
  readonly open = new Set<Socket>()
  decodes = 0
  #server: Server | undefined
  #trouble: Trouble | undefined
  #past: { readonly name: string; readonly until: number }[] = []

  private constructor(id: string, port: number) {
    this.id = id
    this.port = port
  }

  /**
   * Ports are below those that the system gives to clients: a connection could otherwise take the port of a backend
   * that is down for the moment, or even be connected to itself.
   */
  static async start(id: string): Promise<SoakBackend> {
    for (let tries = 0; tries < 50; tries++) {
      const backend = new SoakBackend(id, 20_000 + Math.floor(Math.random() * 10_000))
      try {
        await backend.#listen()
        return backend
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      }
    }
    throw new Error('No free port was found for a backend.')
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`
  }

  get isFaulty(): boolean {
    return this.#trouble !== undefined
  }

  /** What was wrong with it at some time since a moment of `performance.now()`. */
  troublesSince(moment: number): string[] {
    const past = this.#past.flatMap(({ name, until }) => (until >= moment ? name : []))
    return this.#trouble ? [...past, this.#trouble.name] : past
  }

  async fail(trouble: Trouble): Promise<void> {
    this.#trouble = trouble
    if (!trouble.behaviour) await this.stop()
  }

  async recover(): Promise<void> {
    if (!this.#server) await this.#listen()
    const { name } = this.#trouble ?? {}
    this.#trouble = undefined
    if (name !== undefined)
      this.#past = [...this.#past.slice(-REMEMBERED), { name, until: performance.now() }]
  }

  /** As a process that is killed: nothing listens, and what was open is reset. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.open) socket.resetAndDestroy()
    await closed
  }

  async #listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#welcome(socket))
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
  }

  #welcome(socket: Socket): void {
    this.open.add(socket)
    socket.on('close', () => this.open.delete(socket))
    socket.on('error', () => undefined)
    readRequests(socket, (request, isWhole) => {
      if (!isWhole) return
      const { behaviour, isDown } = this.#trouble ?? {}
      if (request.path.endsWith('/health'))
        return (isDown && behaviour ? behaviour : healthy)(socket, request)
      this.decodes++
      // A backend that cannot decode says so at once.
      if (behaviour) return behaviour(socket, request)
      setTimeout(() => {
        if (!socket.destroyed) serve(socket, request)
      }, decodeMsOf(request.body))
    })
  }
}
