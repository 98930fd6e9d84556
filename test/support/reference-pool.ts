/**
 * The basic rules of a pool, written a second time and as plainly as can be: one key, backends that are all alike and
 * well, decodes too short to be predicted. Whoever reads it shall see that it is right.
 */

export interface ReferenceJob {
  readonly ticket: string
  readonly model: string
  readonly enqueuedAt: number
  readonly deadlineAt: number
  readonly exclude: readonly string[]
}

export interface ReferenceBackend {
  readonly id: string
  readonly models: readonly string[]
  readonly slots: number
}

interface Place {
  readonly backend: ReferenceBackend
  held: number
  lastGrantAt: number
}

export class ReferencePool {
  readonly #places: readonly Place[]
  #queue: ReferenceJob[] = []

  constructor(backends: readonly ReferenceBackend[]) {
    this.#places = backends.map((backend) => ({ backend, held: 0, lastGrantAt: 0 }))
  }

  get queued(): readonly ReferenceJob[] {
    return this.#queue
  }

  acquire(asked: ReferenceJob, now: number): string[] {
    const late = this.#dropLate(now, asked.ticket)
    const known = this.#queue.find(({ ticket }) => ticket === asked.ticket)
    const job = known ? { ...asked, enqueuedAt: known.enqueuedAt } : asked
    this.#queue = this.#queue.filter((other) => other !== known)
    const reason = this.#reasonAgainst(job, now)
    if (!reason) this.#queue.push(job)
    // A refusal of the job that came in is told first.
    return [...(reason ? [`${job.ticket}: ${reason}`] : []), ...late, ...this.#grants(now)]
  }

  cancel(ticket: string, now: number): string[] {
    const late = this.#dropLate(now, ticket)
    const isHere = this.#queue.some((job) => job.ticket === ticket)
    this.#queue = this.#queue.filter((job) => job.ticket !== ticket)
    return [...(isHere ? [`${ticket}: cancelled`] : []), ...late, ...this.#grants(now)]
  }

  end(backendId: string, now: number): string[] {
    const place = this.#places.find(({ backend }) => backend.id === backendId)
    if (place && place.held > 0) place.held--
    return this.tick(now)
  }

  tick(now: number): string[] {
    const late = this.#dropLate(now)
    return [...late, ...this.#grants(now)]
  }

  #reasonAgainst(job: ReferenceJob, now: number): string | undefined {
    const serving = this.#places.filter(({ backend }) => backend.models.includes(job.model))
    if (serving.length === 0) return 'no-backend'
    const able = serving.filter(({ backend }) => !job.exclude.includes(backend.id))
    if (able.length === 0) return 'exhausted'
    return job.deadlineAt <= now ? 'deadline' : undefined
  }

  /** The event is about this ticket, so that it is looked at first. */
  #dropLate(now: number, spared?: string): string[] {
    const late = this.#queue.filter(({ ticket, deadlineAt }) => deadlineAt <= now && ticket !== spared)
    this.#queue = this.#queue.filter((job) => !late.includes(job))
    return inOrder(late, now, false).map(({ ticket }) => `${ticket}: deadline`)
  }

  #grants(now: number): string[] {
    const done: string[] = []
    for (const job of inOrder(this.#queue, now, true)) {
      const free = this.#places.filter(
        ({ backend, held }) =>
          held < backend.slots && backend.models.includes(job.model) && !job.exclude.includes(backend.id),
      )
      const [place] = free.toSorted((a, b) => a.lastGrantAt - b.lastGrantAt)
      if (!place) continue
      place.held++
      place.lastGrantAt = now
      this.#queue = this.#queue.filter((other) => other !== job)
      done.push(`${job.ticket} on ${place.backend.id}`)
    }
    return done
  }
}

/** First come, first served, but for those who have waited for half of their time: they go first. */
function inOrder(jobs: readonly ReferenceJob[], now: number, isAgedFirst: boolean): readonly ReferenceJob[] {
  const byArrival = jobs.toSorted((a, b) => a.enqueuedAt - b.enqueuedAt)
  if (!isAgedFirst) return byArrival
  const isAged = (job: ReferenceJob): boolean => now - job.enqueuedAt > (job.deadlineAt - job.enqueuedAt) / 2
  return [...byArrival.filter(isAged), ...byArrival.filter((job) => !isAged(job))]
}
