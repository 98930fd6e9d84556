/** A wrangler.toml with the line each value stands on, so that a refusal can name it. */
import { readFileSync } from 'node:fs'
import type { AST } from 'toml-eslint-parser'
import { getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser'

export interface SettingsFile {
  /** The whole file; what is not in [vars] is the platform's. */
  readonly root: Readonly<Record<string, unknown>>
  readonly vars: Readonly<Record<string, unknown>>
  /** The line of a setting, or of what it stands in when it is missing; undefined when that is missing too. */
  lineOf(path: readonly (string | number)[]): number | undefined
}

/** The file is missing or no TOML. */
export class UnreadableSettings extends Error {
  readonly file: string
  readonly line: number | undefined
  readonly why: string

  constructor(file: string, line: number | undefined, why: string) {
    super(`${file}${line === undefined ? '' : `:${line}`}: ${why}`)
    this.file = file
    this.line = line
    this.why = why
  }
}

/** @throws UnreadableSettings with one line that says what is wrong with the file */
export function readSettingsFile(path: string): SettingsFile {
  const ast = parse(path)
  const root = getStaticTOMLValue(ast) as Record<string, unknown>
  const vars = root.vars
  const isTable = typeof vars === 'object' && vars !== null && !Array.isArray(vars)
  return {
    root,
    vars: isTable ? (vars as Record<string, unknown>) : {},
    lineOf(wanted) {
      for (let depth = wanted.length; depth > 0; depth--) {
        const line = findLine(ast.body[0].body, wanted.slice(0, depth))
        if (line !== undefined) return line
      }
      return undefined
    },
  }
}

function parse(path: string): AST.TOMLProgram {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new UnreadableSettings(path, undefined, 'no such file, or it cannot be read')
  }
  try {
    return parseTOML(text, { filePath: path })
  } catch (error) {
    if (error instanceof ParseError) throw new UnreadableSettings(path, error.lineNumber, error.message)
    throw error
  }
}

type Path = readonly (string | number)[]

function findLine(nodes: readonly (AST.TOMLTable | AST.TOMLKeyValue)[], wanted: Path): number | undefined {
  for (const node of nodes) {
    const line = node.type === 'TOMLTable' ? lineInTable(node, wanted) : lineInPair(node, wanted)
    if (line !== undefined) return line
  }
  return undefined
}

/**
 * `resolvedKey` of a table counts the entries of its arrays: ["vars", "BACKENDS", 1]. What has no line of its own
 * begins with the first table in it.
 */
function lineInTable(table: AST.TOMLTable, wanted: Path): number | undefined {
  const prefix = table.resolvedKey
  if (startsWith(prefix, wanted)) return table.loc.start.line
  if (!startsWith(wanted, prefix)) return undefined
  return findLine(table.body, wanted.slice(prefix.length))
}

function lineInPair(pair: AST.TOMLKeyValue, wanted: Path): number | undefined {
  const keys = pair.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value))
  if (!startsWith(wanted, keys)) return undefined
  const rest = wanted.slice(keys.length)
  return rest.length === 0 ? pair.loc.start.line : lineInValue(pair.value, rest)
}

function lineInValue(value: AST.TOMLContentNode, wanted: Path): number | undefined {
  if (value.type === 'TOMLInlineTable') return findLine(value.body, wanted)
  if (value.type !== 'TOMLArray') return undefined
  const [index, ...rest] = wanted
  const element = typeof index === 'number' ? value.elements[index] : undefined
  if (!element) return undefined
  return rest.length === 0 ? element.loc.start.line : lineInValue(element, rest)
}

const startsWith = (path: Path, prefix: Path): boolean => prefix.every((step, index) => path[index] === step)
