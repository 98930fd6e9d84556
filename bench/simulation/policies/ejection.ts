/**
 * Outlier ejection as Envoy ships it, given to every policy that has no health of its own: 5 failures in a row take a
 * backend out for 30 s times the number of ejections, 300 s at most; never more than half of all.
 */
const CONSECUTIVE = 5
const BASE_MS = 30_000
const MAX_MS = 300_000

export class OutlierEjection {
  readonly #failures: number[]
  readonly #ejections: number[]
  readonly #until: number[]

  constructor(backends: number) {
    this.#failures = new Array<number>(backends).fill(0)
    this.#ejections = new Array<number>(backends).fill(0)
    this.#until = new Array<number>(backends).fill(0)
  }

  isOut(backend: number, now: number): boolean {
    return (this.#until[backend] as number) > now
  }

  learn(backend: number, isGood: boolean, now: number): void {
    if (isGood) {
      this.#failures[backend] = 0
      return
    }
    const failures = (this.#failures[backend] as number) + 1
    this.#failures[backend] = failures
    const out = this.#until.filter((until) => until > now).length
    if (failures < CONSECUTIVE || this.isOut(backend, now) || 2 * (out + 1) > this.#until.length) return
    const ejections = (this.#ejections[backend] as number) + 1
    this.#ejections[backend] = ejections
    this.#failures[backend] = 0
    this.#until[backend] = now + Math.min(MAX_MS, BASE_MS * ejections)
  }
}
