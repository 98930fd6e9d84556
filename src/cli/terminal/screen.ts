/** A screen that is drawn again in place, and left as it was found. */

export interface Screen {
  /** Replaces what is shown; what is below the last row of the terminal is counted instead. */
  draw(lines: readonly string[]): void
  /** Gives the terminal back. May be called twice. */
  close(): void
}

/** The part of a terminal that is drawn on. */
export interface Canvas {
  readonly rows?: number
  write(text: string): unknown
}

const ESC = '\u001b['
/** The other screen, so that what was there before comes back; without a cursor, which would jump about. */
const OPEN = `${ESC}?1049h${ESC}?25l`
const CLOSE = `${ESC}?25h${ESC}?1049l`
const HOME = `${ESC}H`
const CLEAR_LINE_END = `${ESC}K`
const CLEAR_BELOW = `${ESC}J`

export function openScreen(canvas: Canvas): Screen {
  let isOpen = true
  canvas.write(OPEN)
  return {
    draw(lines) {
      if (!isOpen) return
      const shown = cutTo(lines, (canvas.rows ?? 24) - 1)
      // Line by line over the old one rather than after clearing, which flickers.
      canvas.write(`${HOME}${shown.map((line) => `${line}${CLEAR_LINE_END}\n`).join('')}${CLEAR_BELOW}`)
    },
    close() {
      if (!isOpen) return
      isOpen = false
      canvas.write(CLOSE)
    },
  }
}

function cutTo(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines
  const shown = lines.slice(0, Math.max(0, rows - 1))
  return [...shown, `… ${lines.length - shown.length} more lines; make the terminal higher`]
}
