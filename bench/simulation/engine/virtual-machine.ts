/** The virtual clock as the gateway's code finds it on a machine: whole milliseconds, and somebody may set it. */
import { type Ambient, unwatchedTime } from '../../../src/lib/ambient.ts'
import type { Engine } from './engine.ts'
import type { RandomStream } from './random.ts'

interface Timer {
  task: (() => void) | null
}

const fire = (timer: Timer): void => {
  const { task } = timer
  timer.task = null
  task?.()
}

/** When the simulation begins. */
const EPOCH_MS = 1_700_000_000_000

export class VirtualMachine {
  readonly #engine: Engine
  readonly #random: RandomStream
  readonly #now: () => number
  #offMs = 0

  constructor(engine: Engine, random: RandomStream) {
    this.#engine = engine
    this.#random = random
    this.#now = unwatchedTime(this.#wallNow)
  }

  /** Somebody sets its clock, which moves no timer. */
  setClock(byMs: number): void {
    this.#offMs += byMs
  }

  /** What the platform gives. @param randomUuid names what is asked for, so that an observer can tell whose it is */
  ambient(randomUuid: () => string): Ambient {
    return {
      now: this.#now,
      wallNow: this.#wallNow,
      after: this.#after,
      random: this.#uniform,
      randomUuid,
      fetch: NO_NETWORK,
    }
  }

  readonly #wallNow = (): number => EPOCH_MS + Math.floor(this.#engine.now) + this.#offMs

  readonly #uniform = (): number => this.#random.uniform()

  readonly #after: Ambient['after'] = (ms, task) => {
    const timer: Timer = { task }
    this.#engine.schedule(this.#engine.now + Math.max(0, Math.trunc(ms)), fire, timer)
    return () => {
      timer.task = null
    }
  }
}

const NO_NETWORK = (): Promise<Response> => Promise.reject(new TypeError('There is none but to backends.'))
