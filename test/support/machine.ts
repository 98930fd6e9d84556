/**
 * A machine whose clock may be set, as workerd lets its contexts see it, which was measured:
 *
 * - Time never goes back in a context, a request or an object: it stands still until the clock is there again.
 * - A timer is due at a time of that. Only the next one is really waited for; when it goes off, so do all that are due by the
 *   clock, and the next one is waited for anew. So all go off early when the clock is set forward.
 */
import type { Ambient } from '../../src/lib/ambient.ts'
import { FakeAmbient, settle } from './fake-ambient.ts'

export type MachineContext = Pick<Ambient, 'now' | 'wallNow' | 'after'>

interface Timer {
  readonly due: number
  readonly task: () => void
}

export class Machine {
  readonly #real = new FakeAmbient()

  wallNow = (): number => this.#real.wallNow()

  /** What has really passed. */
  get passedMs(): number {
    return this.#real.now()
  }

  setClock(byMs: number): void {
    this.#real.setClock(byMs)
  }

  async pass(ms: number): Promise<void> {
    await this.#real.pass(ms)
    await settle()
  }

  /** A request or an object that begins now. */
  begin(): MachineContext {
    const timers = new Set<Timer>()
    let latest = this.wallNow()
    let stop = (): void => undefined
    const wallNow = (): number => {
      latest = Math.max(latest, this.wallNow())
      return latest
    }
    const wait = (): void => {
      stop()
      if (timers.size === 0) return
      const due = Math.min(...[...timers].map((timer) => timer.due))
      stop = this.#real.after(due - this.wallNow(), () => ring(due))
    }
    const ring = (due: number): void => {
      latest = Math.max(latest, due)
      const over = [...timers].filter((timer) => timer.due <= wallNow()).sort((a, b) => a.due - b.due)
      for (const timer of over) if (timers.delete(timer)) timer.task()
      wait()
    }
    const after = (ms: number, task: () => void): (() => void) => {
      const timer = { due: wallNow() + ms, task }
      timers.add(timer)
      wait()
      return () => {
        timers.delete(timer)
        wait()
      }
    }
    return { now: wallNow, wallNow, after }
  }
}
