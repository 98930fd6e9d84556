/**
 * A pool's memory while the pool works: read once, written now and then; a database that fails costs what was learnt and
 * nothing else.
 */
import type { Ambient } from '../lib/ambient.ts'
import type { Database } from '../lib/database.ts'
import type { Memory } from './initial.ts'
import { PoolMemory } from './memory.ts'
import type { BackendState } from './state.ts'

/** Between two writes of what was learnt. */
const WRITE_AFTER_MS = 10_000

interface Keeping {
  /** Asked for when it is written, so that it is the newest. */
  readonly backends: () => readonly BackendState[]
  readonly ambient: Pick<Ambient, 'after'>
  /** What was learnt of these is worth keeping elsewhere too. */
  readonly wrote?: (ids: readonly string[]) => void
  /** Told of a database that fails. */
  readonly failed: (error: unknown) => void
}

export class MemoryKeeper {
  readonly #keeping: Keeping
  #memory: PoolMemory | undefined
  #isWriting = false

  constructor(keeping: Keeping) {
    this.#keeping = keeping
  }

  /** @returns what a former life of the pool knew of each backend, by id */
  read(openDatabase: () => Database): ReadonlyMap<string, Memory> {
    try {
      this.#memory = new PoolMemory(openDatabase())
      return this.#memory.read()
    } catch (error) {
      this.#keeping.failed(error)
      return new Map()
    }
  }

  /** Soon, with whatever else changes until then. */
  writeSoon(): void {
    if (this.#isWriting || !this.#memory) return
    this.#isWriting = true
    this.#keeping.ambient.after(WRITE_AFTER_MS, () => {
      this.#isWriting = false
      this.write()
    })
  }

  write(): void {
    try {
      const ids = this.#memory?.write(this.#keeping.backends()) ?? []
      if (ids.length > 0) this.#keeping.wrote?.(ids)
    } catch (error) {
      this.#keeping.failed(error)
    }
  }
}
