/** A wrangler.toml for a new gateway: what the project's own says to the platform, and settings of its own. Pure. */
import type { AST } from 'toml-eslint-parser'
import { parseTOML } from 'toml-eslint-parser'

export interface NewBackend {
  readonly id: string
  /** Left out for the embedded preview. */
  readonly url?: string
  readonly models: readonly string[]
  readonly kind: 'huggingface' | 'vae-backend' | 'preview'
  readonly tokenSecret?: string
  readonly slots: number
  readonly scaleToZero: boolean
}

export interface NewGateway {
  readonly name: string
  readonly backends: readonly NewBackend[]
}

/** Where what the file names lies, seen from the file. */
export interface Places {
  readonly main: string
  readonly assets: string
  /** The folder that the build runs in. */
  readonly project: string
  /** The folder that is watched for changes. */
  readonly pages: string
}

/** @param template the project's own wrangler.toml */
export function newSettings(template: string, { name, backends }: NewGateway, places: Places): string {
  const platform = platformPart(template)
  const values: readonly (readonly [path: readonly [string, string?], value: string])[] = [
    [['name'], name],
    [['main'], places.main],
    [['build', 'cwd'], places.project],
    [['build', 'watch_dir'], places.pages],
    [['assets', 'directory'], places.assets],
  ]
  const placed = values.reduce((text, [path, value]) => setValue(text, path, value), platform)
  return `${placed.trimEnd()}\n\n${backends.map(describeBackend).join('\n')}`
}

/** The file without [vars] and what is in it, and without the comments that lead to it. */
function platformPart(template: string): string {
  const lines = template.split('\n')
  const dropped = new Set<number>()
  for (const table of tablesOf(template)) {
    if (table.resolvedKey[0] !== 'vars') continue
    for (let line = table.loc.start.line; line <= table.loc.end.line; line++) dropped.add(line)
    for (let line = table.loc.start.line - 1; lines[line - 1]?.startsWith('#'); line--) dropped.add(line)
  }
  return lines.filter((_, index) => !dropped.has(index + 1)).join('\n')
}

const tablesOf = (text: string): AST.TOMLTable[] =>
  parseTOML(text).body[0].body.filter((node) => node.type === 'TOMLTable')

/** Replaces a text value that is there; what is not there is not added. */
function setValue(text: string, path: readonly [string, string?], value: string): string {
  const [first, second] = path
  const [top] = parseTOML(text).body
  const pairs = top.body.flatMap((node) => {
    if (node.type === 'TOMLKeyValue') return second === undefined ? [[node, first] as const] : []
    return node.resolvedKey.join('.') === first && second !== undefined
      ? node.body.map((pair) => [pair, second] as const)
      : []
  })
  const found = pairs.find(([pair, key]) => pair.key.keys.map(nameOf).join('.') === key)
  if (!found) return text
  const [begin, end] = found[0].value.range
  return `${text.slice(0, begin)}${quote(value)}${text.slice(end)}`
}

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string =>
  key.type === 'TOMLBare' ? key.name : key.value

function describeBackend({ id, url, models, kind, tokenSecret, slots, scaleToZero }: NewBackend): string {
  return [
    '[[vars.BACKENDS]]',
    `id = ${quote(id)}`,
    ...(url === undefined ? [] : [`url = ${quote(url)}`]),
    `models = [${models.map(quote).join(', ')}]`,
    `kind = ${quote(kind)}`,
    ...(tokenSecret === undefined ? [] : [`tokenSecret = ${quote(tokenSecret)}`]),
    `slots = ${slots}`,
    ...(scaleToZero ? ['scaleToZero = true'] : []),
    '',
  ].join('\n')
}

/** A basic string of TOML, which JSON's is, but for a character that JSON leaves as it is. */
const quote = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f')
