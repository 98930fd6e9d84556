/** Parts of a page that are written from the code, between `<!-- name -->` and `<!-- end -->`. */

/** @throws Error when the page has no such region */
export function replaceRegion(page: string, name: string, contents: string): string {
  const region = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`)
  if (!region.test(page)) throw new Error(`There is no region ${name}.`)
  return page.replace(region, (_, open: string, close: string) => `${open}\n${contents.trim()}\n\n${close}`)
}

/** Cells may hold neither a bar nor a line's end. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
