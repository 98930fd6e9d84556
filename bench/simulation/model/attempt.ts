/** One copy of a request at one backend, from the connection to the head of its answer. */
import type { FaultKind } from './faults.ts'
import type { Flight } from './flight.ts'

export class Attempt {
  readonly flight: Flight
  readonly backend: number
  /** Which try of its request it is. */
  readonly nth: number
  /** As the gateway named it. */
  readonly id: string
  readonly signal: AbortSignal
  readonly answer: Promise<Response>
  /** What its backend will do to it; see `FaultKind`. */
  fate: FaultKind | null = null
  /** Decode time that it takes at its backend; infinite where that never ends. */
  decodeMs = 0
  /** It is answered, or the gateway has hung up. */
  isOver = false
  readonly #hungUp: (attempt: Attempt) => void
  #resolve: (response: Response) => void = () => {}
  #reject: (reason: unknown) => void = () => {}

  constructor(
    flight: Flight,
    backend: number,
    id: string,
    signal: AbortSignal,
    hungUp: (attempt: Attempt) => void,
  ) {
    this.flight = flight
    this.backend = backend
    this.nth = flight.attempts
    this.id = id
    this.signal = signal
    this.#hungUp = hungUp
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    signal.addEventListener('abort', this.#hangUp)
  }

  /** The head of its answer is there. */
  answered(response: Response): void {
    if (this.#end()) this.#resolve(response)
  }

  /** The connection ends, or there was none. */
  broken(): void {
    if (this.#end()) this.#reject(new TypeError('The connection was lost.'))
  }

  #end(): boolean {
    if (this.isOver) return false
    this.isOver = true
    this.signal.removeEventListener('abort', this.#hangUp)
    return true
  }

  readonly #hangUp = (): void => {
    if (!this.#end()) return
    this.#hungUp(this)
    this.#reject(this.signal.reason)
  }
}
