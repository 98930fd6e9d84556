/** A block of configuration as it is: a part of a wrangler.toml. */
import { getStaticTOMLValue, parseTOML } from 'toml-eslint-parser'
import { readConfig } from '../../src/config.ts'

const SECRETS = {
  KEY_SECRETS: JSON.stringify({ 1: Buffer.alloc(32, 7).toString('base64') }),
  HF_TOKEN: 'hf_of-the-reader',
}

/** @returns what the gateway says against the block, once what it leaves to others is there */
export function checkSettings(code: string): string[] {
  const { vars } = getStaticTOMLValue(parseTOML(code.replaceAll('…', 'abc'))) as {
    vars: Readonly<Record<string, unknown>>
  }
  const [shard] = Object.keys(vars.SHARDS ?? {})
  const preview = { id: 'preview', kind: 'preview', models: ['*'], ...(shard && { shard }) }
  const read = readConfig({ BACKENDS: [preview], ...SECRETS, ...vars })
  return read.ok ? [] : read.error.map(({ path, message }) => `${path.join('.')}: ${message}`)
}
