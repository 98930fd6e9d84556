/** The catalogue and the tests say the same. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { catalogue, levelOf } from './catalogue.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root })
const sources = new Map(files.map((file) => [file, readFileSync(root + file, 'utf8')]))

/** Ids that titles of tests begin with, or rows of tables that titles are made of. */
const idsIn = (source: string): Set<string> =>
  new Set([
    ...[...source.matchAll(/['"`]([BCP][0-9]+)(?::|['"`],)/g)].map(([, id = '']) => id),
    ...[...source.matchAll(/\b(F[ABC][0-9]+)[:,]/g)].map(([, id = '']) => id),
  ])

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`)

test('has 96 rows of what may happen and 23 of what has happened, each once', () => {
  const ids = [...numbered('B', 36), ...numbered('C', 36), ...numbered('P', 24)]
  const known = catalogue.map(({ id }) => id)
  expect(known.slice(0, 96)).toEqual(ids)
  const met = known.slice(96)
  expect(met.every((id) => /^F[ABC][0-9]+$/.test(id))).toBe(true)
  expect(new Set(met).size).toBe(23)
})

test.each(catalogue)('$id is proved by tests with its id, or says why not', ({ id, proofs, open }) => {
  if (proofs.length === 0) expect(open?.length, 'a reason').toBeGreaterThan(10)
  const without = proofs.filter((file) => !idsIn(sources.get(file) ?? '').has(id))
  expect(without, `files without a test of ${id}`).toEqual([])
})

test('no test has an id that is not in the catalogue', () => {
  const known = new Set(catalogue.map(({ id }) => id))
  const self = 'test/faults/catalogue.test.ts'
  const unknown = [...sources].flatMap(([file, source]) =>
    file === self ? [] : [...idsIn(source)].filter((id) => !known.has(id)).map((id) => `${file}: ${id}`),
  )
  expect(unknown).toEqual([])
})

const INTRODUCTION = `# Faults

What can go wrong with a backend (B), with a client (C), and with the platform or the pool's own object (P); what happens
then, and which tests prove it. Every one of these tests also checks that all slots come back, that each request
leaves one line in the log, that the log holds nothing of a body and no key, and that what a client is told is a
problem document with the id of its request.

"Another" means that the request goes on to another backend and its client notices nothing; "alone" is what the client is
told when there is none. Proofs are *unit* tests of pure functions, tests inside the runtime (*worker*), or tests of
the whole *gateway* on real sockets. \`npm run test:mutations\` takes the handling of rows away, one at a time, and
checks that their tests fail.

Written by \`test/faults/catalogue.ts\`; after a change there, \`npx vitest run test/faults/catalogue.test.ts -u\`.
`

function table(letter: string): string {
  const lines = catalogue
    .filter(({ id }) => id.startsWith(letter))
    .map(({ id, fault, promise, proofs, open }) => {
      const links = proofs.map((file) => `${levelOf(file)} [${nameOf(file)}](../${file})`)
      return `| ${id} | ${fault} | ${promise} | ${[...links, ...(open ? [`_${open}_`] : [])].join('<br>')} |`
    })
  return ['|  | fault | what happens | proof |', '| --- | --- | --- | --- |', ...lines].join('\n')
}

const nameOf = (file: string): string => file.replace(/^.*\//, '').replace(/\.test\.ts$/, '')

test('docs/faults.md is the catalogue', async () => {
  const proved = catalogue.filter(({ proofs }) => proofs.length > 0).length
  const sections = [
    INTRODUCTION,
    `${proved} of ${catalogue.length} rows are proved here.\n`,
    `## Backends\n\n${table('B')}\n`,
    `## Clients\n\n${table('C')}\n`,
    `## The platform and the pool's object\n\n${table('P')}\n`,
    `## What others met\n\nThe first version in the hands of others: its scheduler (FA), one caller against others (FB), its process (FC).\n\n${table('F')}\n`,
  ]
  await expect(sections.join('\n')).toMatchFileSnapshot(`${root}docs/faults.md`)
})
