/** The table of threats in SECURITY.md names tests that exist. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string): string => readFileSync(root + file, 'utf8')

interface Threat {
  readonly id: string
  readonly proofs: readonly { readonly file: string; readonly title: string }[]
}

const threats = [...read('SECURITY.md').matchAll(/^\| (T\d+) \|.*\| (.*) \|$/gm)].map(
  ([, id = '', proof = '']): Threat => ({
    id,
    proofs: [...proof.matchAll(/\[[^\]]+\]\(([^)]+)\) "([^"]+)"/g)].map(([, file = '', title = '']) => ({
      file,
      title,
    })),
  }),
)

test('every threat is there once', () => {
  expect(threats.map(({ id }) => id)).toEqual(threats.map((_, index) => `T${index + 1}`))
  expect(threats.length).toBeGreaterThan(20)
})

test.each(threats)('$id has a proof that exists', ({ proofs }) => {
  expect(proofs.length).toBeGreaterThan(0)
  for (const { file, title } of proofs) expect(read(file), `${file} has "${title}"`).toContain(title)
})

test('no test has the id of a threat that is not in the table', () => {
  const known = new Set(threats.map(({ id }) => id))
  const unknown = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root }).flatMap((file) =>
    [...read(file).matchAll(/['"`(](T\d+): /g)].flatMap(([, id = '']) =>
      known.has(id) ? [] : [`${file}: ${id}`],
    ),
  )
  expect(unknown).toEqual([])
})
