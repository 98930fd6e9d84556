/** The right to one request, as its holder in the Worker sees it. */
import type { Ambient } from '../lib/ambient.ts'

/** Held until it is disposed of. Every call may come at any time and any number of times. */
export interface Place extends Disposable {
  /** We failed: the request is charged nothing. */
  refund(): void
  /** Whether the key is still good. Never rejects: an object that is gone says nothing against it. */
  isGood(): Promise<boolean>
}

/** The other end of a place, over RPC. */
export interface RemotePlaceHandle {
  refund(): Promise<void>
  isGood(): Promise<boolean>
}

const PATIENCE_MS = 1_000

export interface PlaceParts {
  readonly ambient: Pick<Ambient, 'now' | 'after'>
  /** Keeps the request's context alive for a call that nobody waits for. */
  readonly defer: (task: Promise<unknown>) => void
}

export class RemotePlace implements Place {
  readonly #answer: Partial<Disposable>
  readonly #handle: RemotePlaceHandle
  readonly #parts: PlaceParts
  #isHeld = true

  /** @param answer that the handle came in; disposing it disposes the handle */
  constructor(answer: Partial<Disposable>, handle: RemotePlaceHandle, parts: PlaceParts) {
    this.#answer = answer
    this.#handle = handle
    this.#parts = parts
  }

  refund(): void {
    if (this.#isHeld) this.#parts.defer(quiet(() => this.#handle.refund()))
  }

  isGood(): Promise<boolean> {
    if (!this.#isHeld) return Promise.resolve(true)
    return new Promise((resolve) => {
      const stopTimer = this.#parts.ambient.after(PATIENCE_MS, () => resolve(true))
      void quiet(() => this.#handle.isGood()).then((isGood = true) => {
        stopTimer()
        resolve(isGood)
      })
    })
  }

  [Symbol.dispose](): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#answer[Symbol.dispose]?.()
  }
}

async function quiet<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call()
  } catch {
    return undefined
  }
}
