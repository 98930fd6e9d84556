/** docs/operations.md knows every code and every event that there is, and none that there is not. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { family } from '../../src/cli/command.ts'
import { createProgram } from '../../src/cli/program.ts'
import { problemCodes, problemKind } from '../../src/errors/codes.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const guide = read('docs/operations.md')

/** Of a section, up to the next of its level. */
const section = (title: string): string => guide.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

test('each problem has one row, with its status and what to do', () => {
  const rows = [...section('Problems').matchAll(/^\| `([\w-]+)` \| ([0-9]{3}) \| (.{10,}) \|$/gm)]
  const told = rows.map(([, code, status]) => `${code} ${status}`)
  const known = problemCodes.map((code) => `${code} ${problemKind(code).status}`)
  expect(told.toSorted()).toEqual(known.toSorted())
})

test('each event of the log has one row', () => {
  const kinds = [...read('src/telemetry/events.ts').matchAll(/readonly kind: '([\w-]+)'/g)].map(
    ([, kind]) => kind,
  )
  const rows = [...section('The log').matchAll(/^\| `([\w-]+)` +\| /gm)].map(([, kind]) => kind)
  expect(rows.filter((kind) => kind !== 'kind').toSorted()).toEqual(kinds.toSorted())
})

test('each state of a backend is explained', () => {
  const states = /const healthState = z\.enum\(\[([^\]]*)\]/.exec(read('src/admin/contract.ts'))?.[1] ?? ''
  const names = [...states.matchAll(/'([\w-]+)'/g)].map(([, name]) => name)
  expect(names.length).toBeGreaterThan(5)
  for (const name of names) expect(section('Backends')).toContain(`\`${name}\``)
})

test('each command that a page of the documentation tells to run is one, with options that it has', () => {
  const commands = new Map([...family(createProgram())].map((command) => [pathOf(command), command]))
  const lines = ['docs/operations.md', 'README.md', 'docs/configuration.md'].flatMap((path) =>
    [...read(path).matchAll(/npx (vae-gateway [^\n`|#>)]*)/g)].map(([, line = '']) => line.trim()),
  )
  expect(lines.length).toBeGreaterThan(20)
  for (const line of lines) {
    const words = line.split(/\s+/)
    const depth = [3, 2].find((count) => commands.has(words.slice(0, count).join(' ')))
    const command = commands.get(words.slice(0, depth).join(' '))
    expect(command && depth, line).toBeTruthy()
    const options = words.filter((word) => word.startsWith('--'))
    for (const option of options)
      expect(
        command?.options.map(({ long }) => long),
        line,
      ).toContain(option)
  }
})

function pathOf(command: { name(): string; parent: unknown }): string {
  const parent = command.parent as typeof command | null
  return parent ? `${pathOf(parent)} ${command.name()}` : command.name()
}
