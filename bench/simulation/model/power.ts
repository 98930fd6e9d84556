/** Whether a backend is up, and when it will be. */
import type { Engine } from '../engine/engine.ts'

/** - `starting`: was asleep, and says so - `dead`: no process is there to say anything */
export type PowerState = 'ready' | 'asleep' | 'starting' | 'dead'

export interface PowerParts {
  readonly engine: Engine
  /** Whether a fault keeps it down at this moment. */
  readonly isHeldDown: () => boolean
  readonly changed: () => void
}

export class Power {
  state: PowerState = 'ready'
  /** When it last came up. */
  upSince = 0
  readyAt = 0
  readonly #parts: PowerParts
  #boot = 0

  constructor(parts: PowerParts) {
    this.#parts = parts
  }

  fallAsleep(): void {
    this.state = 'asleep'
    this.#parts.changed()
  }

  /** Ready after a while, unless it goes down once more before that. */
  start(state: 'starting' | 'dead', afterMs: number): void {
    const { engine, changed } = this.#parts
    this.state = state
    this.readyAt = engine.now + afterMs
    engine.schedule(this.readyAt, this.#started, null, ++this.#boot)
    changed()
  }

  /** What kept it down is over. */
  readonly heal = (): void => {
    if (this.state === 'dead') this.#started(null, this.#boot)
  }

  readonly #started = (_: null, boot: number): void => {
    const { engine, isHeldDown, changed } = this.#parts
    if (boot !== this.#boot || isHeldDown()) return
    this.state = 'ready'
    this.upSince = engine.now
    changed()
  }
}
