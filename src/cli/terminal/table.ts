/** Rows of text under headings, as wide as what stands in them and never wider than the terminal. */

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Gives way when the table is too wide; a name can be cut, a number cannot. */
  readonly canShrink?: true
}

export interface Cell {
  readonly text: string
  /** Applied after padding, so that what a terminal does not show is not counted. */
  readonly paint?: (text: string) => string
}

const GAP = '  '
/** A name that is cut further says nothing. */
const LEAST = 6

/** @returns lines without breaks, the headings first; none has more than `width` characters where that can be */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | Cell)[])[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const table = rows.map((row) => columns.map((_, index) => cellOf(row[index] ?? '')))
  const widths = narrow(
    columns,
    columns.map(({ title }, index) =>
      Math.max(...[title, ...table.map((row) => row[index]?.text ?? '')].map((text) => text.length)),
    ),
    width,
  )
  const line = (row: readonly Cell[]): string =>
    columns
      .map(({ align }, index) => {
        const { text, paint = (plain: string) => plain } = row[index] ?? { text: '' }
        const room = widths[index] ?? 0
        const cut = truncate(text, room)
        const isLast = index === columns.length - 1
        return paint(align === 'right' ? cut.padStart(room) : isLast ? cut : cut.padEnd(room))
      })
      .join(GAP)
      .trimEnd()
  return [line(columns.map(({ title }) => ({ text: title }))), ...table.map(line)]
}

/** Takes what is too much from the widest column that can shrink, again and again. */
function narrow(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural]
  const total = (): number => widths.reduce((sum, each) => sum + each, GAP.length * (columns.length - 1))
  while (total() > width) {
    const flexible = widths.map((each, index) => (columns[index]?.canShrink ? each : 0))
    const widest = flexible.indexOf(Math.max(...flexible))
    const before = widths[widest] ?? 0
    if (before <= LEAST) break
    widths[widest] = before - 1
  }
  return widths
}

const cellOf = (cell: string | Cell): Cell => {
  const { text, ...rest } = typeof cell === 'string' ? { text: cell } : cell
  return { ...rest, text: printable(text) }
}

/** What comes from elsewhere may hold what a terminal obeys. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '·')

export const truncate = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
