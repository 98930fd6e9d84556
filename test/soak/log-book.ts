/** The log of the gateway: that each request has its one line, that nothing else is in it, and what it said of a failure. */

interface LogLine {
  readonly requestId?: string
  readonly kind?: string
  readonly [field: string]: unknown
}

/** Events that should not be. */
const TROUBLE: ReadonlySet<string> = new Set(['internal-error', 'misconfigured'])
/** Lines that are kept to explain a failure with. */
const REMEMBERED = 3_000
/** What the runtime says of a committed answer that the gateway broke off on purpose, so that it looks incomplete. */
const BROKEN_ON_PURPOSE = /^Uncaught exception: .*the answer broke off$/

/** Stray lines that are shown. */
const SHOWN = 5
/** Characters of a text by which it is known again. */
const GIST = 240

export class LogBook {
  readonly #open = new Map<string, 'stays' | 'leaves'>()
  readonly #recent: LogLine[] = []
  readonly #holdsCanary: (text: string) => boolean
  lines = 0
  /** Ends of decodes by what became of them: `200 served`, `499 client-closed-request`. */
  readonly ends = new Map<string, number>()
  /** Second lines of a request, or lines of requests that nobody sent. */
  readonly stray: string[] = []
  /** Errors of the gateway itself, and text that is no event: how often each was said. */
  readonly troubles = new Map<string, number>()
  strayCount = 0
  canaryHits = 0

  constructor(holdsCanary: (text: string) => boolean) {
    this.#holdsCanary = holdsCanary
  }

  /** Announces a request, before it is sent. Each has a line at its end, whether or not its client stays for it. */
  expect(requestId: string, client: 'stays' | 'leaves'): void {
    this.#open.set(requestId, client)
  }

  /** Takes back what was announced: it did not get as far as the gateway. */
  forget(requestId: string): void {
    this.#open.delete(requestId)
  }

  take(text: string): void {
    this.lines++
    if (this.#holdsCanary(text)) this.canaryHits++
    const line = parse(text)
    this.#recent.push(line ?? { text })
    if (this.#recent.length > REMEMBERED) this.#recent.shift()
    const isEvent = line ? !TROUBLE.has(line.kind ?? '') : BROKEN_ON_PURPOSE.test(text)
    if (!isEvent) {
      const gist = line ? `${line.kind}: ${line.error ?? line.problems}` : text.slice(0, GIST)
      this.troubles.set(gist, (this.troubles.get(gist) ?? 0) + 1)
    }
    if (line?.kind !== 'decode') return
    const end = `${line.status} ${line.code ?? line.end ?? ''}`
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1)
    if (this.#open.delete(line.requestId ?? '')) return
    this.strayCount++
    if (this.stray.length < SHOWN) this.stray.push(text)
  }

  /** Requests that have no line (yet). */
  missing(client: 'stays' | 'leaves'): string[] {
    return [...this.#open].flatMap(([requestId, kind]) => (kind === client ? requestId : []))
  }

  /** What the log said of a request lately. */
  about(requestId: string): LogLine[] {
    return this.#recent.filter((line) => line.requestId === requestId)
  }
}

function parse(text: string): LogLine | undefined {
  try {
    const line: unknown = JSON.parse(text)
    return typeof line === 'object' && line !== null && 'kind' in line ? (line as LogLine) : undefined
  } catch {
    return undefined
  }
}
