/**
 * A machine whose clock may be set, with timers as workerd has them, which was measured: each is due at a time of the
 * clock. Only the next one is really waited for; when that goes off, so do all that are due by the clock, and the next
 * is waited for anew. So all go off early when the clock is set forward; what was set before it goes back is late.
 */
import type { Ambient } from '../../src/lib/ambient.ts'
import { FakeAmbient, settle } from './fake-ambient.ts'

interface Timer {
  readonly due: number
  readonly task: () => void
}

export class Machine implements Pick<Ambient, 'now' | 'wallNow' | 'after'> {
  readonly #real = new FakeAmbient()
  readonly #timers = new Set<Timer>()
  #waited: { readonly due: number; cancel(): void } | undefined

  /** Its only clock. */
  wallNow = (): number => this.#real.wallNow()
  now = this.wallNow

  /** What has really passed. */
  get passedMs(): number {
    return this.#real.now()
  }

  setClock(byMs: number): void {
    this.#real.setClock(byMs)
  }

  after = (ms: number, task: () => void): (() => void) => {
    const timer = { due: this.wallNow() + ms, task }
    this.#timers.add(timer)
    this.#wait()
    return () => {
      this.#timers.delete(timer)
      this.#wait()
    }
  }

  async pass(ms: number): Promise<void> {
    await this.#real.pass(ms)
    await settle()
  }

  #wait(): void {
    const due = Math.min(...[...this.#timers].map((timer) => timer.due))
    if (this.#waited?.due === due) return
    this.#waited?.cancel()
    this.#waited = undefined
    if (!Number.isFinite(due)) return
    const cancel = this.#real.after(due - this.wallNow(), () => this.#ring(due))
    this.#waited = { due, cancel }
  }

  #ring(due: number): void {
    this.#waited = undefined
    const ends = Math.max(due, this.wallNow())
    const over = [...this.#timers].filter((timer) => timer.due <= ends).sort((a, b) => a.due - b.due)
    for (const timer of over) if (this.#timers.delete(timer)) timer.task()
    this.#wait()
  }
}
