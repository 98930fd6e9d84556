/** What wrangler itself says of a file. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigProblem } from '../config/problem.ts'
import { projectDir } from './installation.ts'

/** Names that may stand at the top of a wrangler.toml, by wrangler's own schema. */
function knownNames(): ReadonlySet<string> {
  const path = join(projectDir, 'node_modules/wrangler/config-schema.json')
  const schema = JSON.parse(readFileSync(path, 'utf8')) as {
    definitions: { RawConfig: { properties: Record<string, unknown> } }
  }
  return new Set(Object.keys(schema.definitions.RawConfig.properties))
}

/** Settings at the top of the file that wrangler does not know, which it would ignore. */
export function findUnknownNames(root: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const known = knownNames()
  return Object.keys(root)
    .filter((name) => !known.has(name))
    .map((name) => ({
      path: [name],
      message: OURS.has(name) ? `belongs into [vars], as vars.${name}` : 'wrangler has no such setting',
    }))
}

const OURS: ReadonlySet<string> = new Set(['BACKENDS', 'PLANS', 'DISPATCH', 'SHARDS'])

/** Why wrangler would refuse to deploy with the file; takes it a second or two to load. */
export async function askWrangler(file: string): Promise<ConfigProblem[]> {
  process.env.WRANGLER_LOG ??= 'error'
  process.env.WRANGLER_SEND_METRICS ??= 'false'
  const { unstable_readConfig } = await import('wrangler')
  try {
    unstable_readConfig({ config: file })
    return []
  } catch (error) {
    return parseComplaints(error instanceof Error ? error.message : String(error))
  }
}

/**
 * A heading, then complaints as list items with the setting in quotes: `- Expected "main" to be …`. What does not look
 * like that is told as it is.
 */
export function parseComplaints(text: string): ConfigProblem[] {
  const items = text.split(/\n {2}- /).slice(1)
  if (items.length === 0) return [{ path: [], message: text.trim() }]
  return items.map((item) => {
    const message = item.replace(/\s+/g, ' ').trim()
    const [, name = ''] = /"([\w.[\]-]+)"/.exec(message) ?? []
    return { path: parsePath(name), message }
  })
}

/** `durable_objects.bindings[0]` as the steps to it. */
const parsePath = (text: string): (string | number)[] =>
  [...text.matchAll(/\[([0-9]+)\]|[^.[\]]+/g)].map(([step, index]) =>
    index === undefined ? step : Number(index),
  )
