/** How much GPU time goes by idle while somebody waits: the integral over both counts. */
export class IdleGauge {
  idleMs = 0
  #idle = 0
  #waiting = 0
  #since = 0

  changeIdle(by: number, now: number): void {
    this.#settle(now)
    this.#idle += by
  }

  changeWaiting(by: number, now: number): void {
    this.#settle(now)
    this.#waiting += by
  }

  get waiting(): number {
    return this.#waiting
  }

  /** What went by before is not counted. */
  reset(now: number): void {
    this.#settle(now)
    this.idleMs = 0
  }

  #settle(now: number): void {
    if (this.#waiting > 0) this.idleMs += this.#idle * (now - this.#since)
    this.#since = now
  }
}
