import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderWith } from '../../test/support/folder.ts'
import { readSettingsFile } from './settings-file.ts'

const read = (text: string) => readSettingsFile(join(folderWith({ 'wrangler.toml': text }), 'wrangler.toml'))

const FILE = `name = "mine"

[[vars.BACKENDS]]
id = "a"
models = [
  "sdxl",
  "sd9",
]

# a comment
[[vars.BACKENDS]]
id = "b"
limits = { soft = 1, hard = { most = 2 } }

[vars.PLANS.default]
concurrency = 4
"quoted key" = 1
dotted.key = 2

[vars.DISPATCH]
deadlineMs = 5_000
`

describe('lineOf', () => {
  test.each([
    ['a table of an array', ['vars', 'BACKENDS', 0], 3],
    ['the next table of an array', ['vars', 'BACKENDS', 1], 11],
    ['a key', ['vars', 'BACKENDS', 0, 'id'], 4],
    ['the same key in the next table', ['vars', 'BACKENDS', 1, 'id'], 12],
    ['a list', ['vars', 'BACKENDS', 0, 'models'], 5],
    ['an element of a list', ['vars', 'BACKENDS', 0, 'models', 1], 7],
    ['a key of an inline table', ['vars', 'BACKENDS', 1, 'limits', 'soft'], 13],
    ['a key of an inline table in another', ['vars', 'BACKENDS', 1, 'limits', 'hard', 'most'], 13],
    ['a table', ['vars', 'PLANS', 'default'], 15],
    ['a key of a table', ['vars', 'PLANS', 'default', 'concurrency'], 16],
    ['a quoted key', ['vars', 'PLANS', 'default', 'quoted key'], 17],
    ['a dotted key', ['vars', 'PLANS', 'default', 'dotted', 'key'], 18],
    ['a number with an underscore', ['vars', 'DISPATCH', 'deadlineMs'], 21],
    ['an array of tables, where it begins', ['vars', 'BACKENDS'], 3],
    ['a table that is there by what is in it', ['vars', 'PLANS'], 15],
  ])('finds %s', (_, path, line) => {
    expect(read(FILE).lineOf(path)).toBe(line)
  })

  test.each([
    ['key', ['vars', 'BACKENDS', 1, 'url'], 11],
    ['key of an inline table', ['vars', 'BACKENDS', 1, 'limits', 'hard', 'least'], 13],
    ['element', ['vars', 'BACKENDS', 0, 'models', 9], 5],
    ['thing within a value', ['vars', 'BACKENDS', 0, 'id', 'x'], 4],
    ['table', ['vars', 'PLANS', 'pro'], 15],
    ['setting', ['vars', 'NOTHING'], 3],
  ])('finds what a missing %s would stand in', (_, path, line) => {
    expect(read(FILE).lineOf(path)).toBe(line)
  })

  test('finds nothing of a thing that has no place at all', () => {
    expect(read(FILE).lineOf(['KEY_SECRETS'])).toBeUndefined()
    expect(read('').lineOf(['vars', 'BACKENDS'])).toBeUndefined()
  })

  test('finds tables that are written inline', () => {
    const { lineOf } = read('[vars]\nBACKENDS = [\n  { id = "a" },\n  { id = "b",\n    url = "x" },\n]\n')
    expect(lineOf(['vars', 'BACKENDS'])).toBe(2)
    expect(lineOf(['vars', 'BACKENDS', 1])).toBe(4)
    expect(lineOf(['vars', 'BACKENDS', 1, 'url'])).toBe(5)
    expect(lineOf(['vars', 'BACKENDS', 0, 'url'])).toBe(3)
  })
})

describe('vars', () => {
  test('are the values of [vars] and nothing else', () => {
    expect(read(FILE).vars).toEqual({
      BACKENDS: [
        { id: 'a', models: ['sdxl', 'sd9'] },
        { id: 'b', limits: { soft: 1, hard: { most: 2 } } },
      ],
      PLANS: { default: { concurrency: 4, 'quoted key': 1, dotted: { key: 2 } } },
      DISPATCH: { deadlineMs: 5_000 },
    })
  })

  test.each(['', 'name = "x"', 'vars = 1', 'vars = [1]'])('are none in "%s"', (text) => {
    expect(read(text).vars).toEqual({})
  })
})

test('a file that is missing is said to be missing', () => {
  const path = join(folderWith(), 'nowhere.toml')
  expect(() => readSettingsFile(path)).toThrow(`${path}: no such file, or it cannot be read`)
})

test('a file that is no TOML is refused with the line that is not', () => {
  expect(() => read('a = 1\nb = = 2\n')).toThrow(/wrangler\.toml:2: /)
})
