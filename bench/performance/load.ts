/**
 * A process: clients on raw connections, each of which sends its next request when it has its answer. Requests lie
 * ready, and of answers only the head is read and the bytes are counted: an HTTP library costs as much as the gateway.
 */
import { connect, type Socket } from 'node:net'
import { bodyOf, CELLS, type Cell } from './cells.ts'
import type { LoadOrder, LoadResult } from './load-protocol.ts'

/** A client that is refused tries again after so long, as it is told, and on a new connection. */
const PAUSE_MS = 1_000

class Client {
  readonly #order: LoadOrder
  readonly #request: readonly [head: Buffer, body: Buffer]
  readonly #answerBytes: number
  readonly #isOver: () => boolean
  readonly #result: LoadResult
  readonly #done = Promise.withResolvers<void>()
  #socket: Socket | undefined
  #sentAt = 0
  /** Of the answer that is coming: its head as far as it has come, its status, and the bytes that are missing. */
  #head = ''
  #status = 0
  #left = 0

  constructor(order: LoadOrder, cell: Cell, body: Buffer, isOver: () => boolean, result: LoadResult) {
    this.#order = order
    this.#request = [headOf(order, cell, body.length), body]
    this.#answerBytes = cell.answer.bytes
    this.#isOver = isOver
    this.#result = result
  }

  run(): Promise<void> {
    this.#connect()
    return this.#done.promise
  }

  #connect(): void {
    const onread = { buffer: Buffer.allocUnsafe(262_144), callback: this.#read }
    const { host, port } = this.#order
    const socket = connect({ host, port, noDelay: true, onread }, () => this.#send())
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (socket === this.#socket) this.#lose()
    })
    this.#socket = socket
  }

  #send(): void {
    if (this.#isOver()) {
      this.#end()
      return
    }
    this.#head = ''
    this.#status = 0
    this.#sentAt = performance.now()
    this.#socket?.cork()
    for (const part of this.#request) this.#socket?.write(part)
    this.#socket?.uncork()
  }

  readonly #read = (count: number, buffer: Uint8Array): boolean => {
    let bytes = count
    if (this.#status === 0) {
      const before = this.#head.length
      this.#head += Buffer.from(buffer.buffer, buffer.byteOffset, count).toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return true
      const head = this.#head.slice(0, end)
      this.#status = Number(head.slice(9, 12))
      this.#left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN)
      if (this.#status === 200 && this.#left !== this.#answerBytes) this.#left = Number.NaN
      bytes = count - (end + 4 - before)
    }
    this.#left -= bytes
    if (this.#left === 0) this.#take()
    // Not what was promised, or more than that.
    else if (!(this.#left > 0)) this.#socket?.destroy()
    return true
  }

  #take(): void {
    if (this.#status === 200) {
      this.#result.latenciesMs.push(performance.now() - this.#sentAt)
      this.#send()
    } else {
      const isProblem = /\r\ncontent-type: *application\/problem\+json/i.test(this.#head)
      const isClean = this.#status === 503 && isProblem && /\r\nretry-after: *\d/i.test(this.#head)
      if (isClean) this.#result.refused++
      else this.#result.broken++
      this.#again()
    }
  }

  #lose(): void {
    if (!this.#isOver()) this.#result.broken++
    this.#again()
  }

  #again(): void {
    const old = this.#socket
    this.#socket = undefined
    old?.destroy()
    if (this.#isOver()) this.#done.resolve()
    else setTimeout(() => this.#connect(), PAUSE_MS)
  }

  #end(): void {
    const last = this.#socket
    this.#socket = undefined
    last?.destroy()
    this.#done.resolve()
  }
}

function headOf({ host, port, key }: LoadOrder, { target, accept }: Cell, length: number): Buffer {
  const fields = [
    `POST ${target} HTTP/1.1`,
    `host: ${host}:${port}`,
    `authorization: Bearer ${key}`,
    'content-type: tensor/binary',
    `accept: ${accept}`,
    `content-length: ${length}`,
  ]
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\n`)
}

async function perform(order: LoadOrder): Promise<LoadResult> {
  const cell = CELLS.find(({ id }) => id === order.cell)
  if (!cell) throw new Error(`No cell ${order.cell}.`)
  const body = bodyOf(cell)
  const result: LoadResult = { latenciesMs: [], refused: 0, broken: 0, seconds: 0, cpuMs: 0 }
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  const isOver = (): boolean => performance.now() - startedAt >= order.forMs
  const client = () => new Client(order, cell, body, isOver, result).run()
  await Promise.all(Array.from({ length: order.clients }, client))
  const { user, system } = process.cpuUsage(cpuBefore)
  return { ...result, seconds: (performance.now() - startedAt) / 1_000, cpuMs: (user + system) / 1_000 }
}

process.on('message', async (order: LoadOrder) => process.send?.(await perform(order)))
process.once('disconnect', () => process.exit())
process.send?.('ready')
