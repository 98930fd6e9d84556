/** Every block of code in the documentation is run, or held to its grammar, or has a reason that is told. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { type Block, readDocuments, root } from './markdown.ts'
import { type Reader, startReader } from './reader.ts'
import { checkSettings } from './settings.ts'
import { commandsOf, fillIn, NOT_HERE, whyNotHere } from './shell.ts'

const blocks = readDocuments().flatMap((document) => document.blocks)
const inLanguage = (...languages: string[]): Block[] =>
  blocks.filter(({ language }) => languages.includes(language))

/** Of the Python side: the backend's own tests and test/conformance/test_documents.py have what they need. */
const isOfPython = ({ at }: Block): boolean => /^backend\/|^docs\/gpu-benchmark/.test(at)
const shell = inLanguage('sh').filter((block) => !isOfPython(block))
const toRun = ({ code }: Block): string[] =>
  commandsOf(code).filter((command) => whyNotHere(command) === undefined)

let reader: Reader
beforeAll(async () => {
  reader = await startReader()
})
afterAll(() => reader.leave())

describe('commands', () => {
  test.each(shell.filter((block) => toRun(block).length > 0).map((block) => [block.at, block] as const))(
    'of %s do what they say',
    async (_, block) => {
      const own = await reader.own()
      await reader.run(fillIn(toRun(block).join('\n'), own), own)
    },
  )

  test('are left out only where there is a reason, and each reason is needed', () => {
    const all = shell.flatMap(({ code }) => commandsOf(code))
    const leftOut = all.filter((command) => whyNotHere(command) !== undefined)
    console.info(`${all.length - leftOut.length} commands run, ${leftOut.length} left out:\n${tell(leftOut)}`)
    const unused = NOT_HERE.filter(([pattern]) => !all.some((command) => pattern.test(command)))
    expect(unused).toEqual([])
    expect(all.length - leftOut.length).toBeGreaterThan(15)
  })
})

test('a script of npm that a page names is one', () => {
  const named = blocks.flatMap(({ code }) => [...code.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name))
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => name && !(name in scripts))).toEqual([])
})

describe('data', () => {
  test.each(inLanguage('toml').map(({ at, code }) => [at, code]))(
    '%s is configuration that is taken',
    (_, code) => {
      expect(checkSettings(code)).toEqual([])
    },
  )
  test.each(inLanguage('json').map(({ at, code }) => [at, code]))('%s is JSON', (_, code) => {
    expect(() => JSON.parse(code)).not.toThrow()
  })
  test.each(inLanguage('yaml').map(({ at, code }) => [at, code]))('%s is YAML', (_, code) => {
    expect(() => parseYaml(code)).not.toThrow()
  })
})

test('a block is in a language that something is done with', () => {
  // Python runs in the conformance suite, TypeScript in client.test.ts; what a program prints, in none.
  const known = ['sh', 'toml', 'json', 'yaml', 'python', 'ts', 'html', 'http', '']
  expect(blocks.filter(({ language }) => !known.includes(language)).map(({ at }) => at)).toEqual([])
})

const tell = (commands: readonly string[]): string =>
  commands.map((command) => `  ${command.slice(0, 70)}: ${whyNotHere(command)}`).join('\n')
