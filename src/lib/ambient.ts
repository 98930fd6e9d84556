/** Time, chance and the network, passed in so that decisions can be tested with fakes. */
export interface Ambient {
  /** Milliseconds since the epoch. */
  now(): number
  /** Uniform in [0, 1). */
  random(): number
  /** Runs `task` after `ms`; the returned function cancels it. */
  after(ms: number, task: () => void): () => void
  randomUuid(): string
  fetch: typeof fetch
}

export const realAmbient: Ambient = {
  now: () => Date.now(),
  random: () => Math.random(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  randomUuid: () => crypto.randomUUID(),
  fetch: (input, init) => fetch(input, init),
}
