/** A line that says how far something has come, where somebody is watching. */

export interface Progress {
  /** @param total bytes, where it is known */
  show(what: string, bytes: number, total: number | undefined): void
  /** Takes the line away. */
  clear(): void
}

/** The part of a terminal that is written to. */
export interface Line {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** More often nobody can read. */
const EVERY_MS = 100
const CLEAR = '\r\u001b[K'

/** Shows nothing where the line is no terminal. */
export function createProgress(line: Line, now: () => number): Progress {
  let shownAt = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    show(what, bytes, total) {
      if (!line.isTTY || now() - shownAt < EVERY_MS) return
      shownAt = now()
      isShown = true
      line.write(`${CLEAR}${what} ${describe(bytes, total)}`)
    },
    clear() {
      if (isShown) line.write(CLEAR)
      isShown = false
    },
  }
}

function describe(bytes: number, total: number | undefined): string {
  if (!total) return formatBytes(bytes)
  return `${Math.floor((100 * bytes) / total)} % of ${formatBytes(total)}`
}

/** `312 KB`, in thousands. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} KB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
