/** An address that takes no more connections and refuses none: what a router that drops packets looks like. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'

/** Listens, then never gets round to accepting: its thread sleeps. */
const SLEEPER = `
const { parentPort } = require('node:worker_threads')
const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
})`

/** More than its queue of connections takes, so that the rest stay without an answer. */
const FILLERS = 8

export interface Blackhole {
  readonly url: string
  stop(): Promise<void>
}

export async function startBlackhole(): Promise<Blackhole> {
  const sleeper = new Worker(SLEEPER, { eval: true })
  const [port] = (await once(sleeper, 'message')) as [number]
  const fillers = Array.from({ length: FILLERS }, () => connect(port, '127.0.0.1'))
  for (const filler of fillers) filler.on('error', () => undefined)
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')))
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      for (const filler of fillers) filler.destroy()
      await sleeper.terminate()
    },
  }
}
