/** Tables for people, 100 columns wide at most. */

export type Cell = string | number

/** The first column is text, the others are right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = [head, ...rows.map((row) => row.map(String))]
  const widths = head.map((_, column) => Math.max(...texts.map((row) => (row[column] ?? '').length)))
  const lines = texts.map((row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1)))
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

export const ms = (value: number): string => Math.round(value).toLocaleString('en-US')
export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`
