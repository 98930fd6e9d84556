/** What can be kept is what docs/privacy.md says: tables and their columns, bindings, and what the platform logs. */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { getStaticTOMLValue, parseTOML } from 'toml-eslint-parser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../../src/local/gateway.ts'
import { serve } from '../support/behaviours.ts'
import { pictureQuery } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const document = readFileSync(`${root}docs/privacy.md`, 'utf8')
const wrangler = getStaticTOMLValue(parseTOML(readFileSync(`${root}wrangler.toml`, 'utf8'))) as Record<
  string,
  Value
>
type Value = Record<string, unknown> & { bindings?: { name: string }[]; enabled?: boolean }

/** Rows of the table in the document that has this heading, with code marks taken off the first cells. */
function rowsUnder(heading: string): string[][] {
  const [, table = ''] = document.split(`| ${heading} |`)
  return (table.split('\n\n')[0] ?? '')
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.replaceAll('`', '').trim()))
    .map(([, ...cells]) => cells)
}

const ADMIN_TOKEN = 'correct-horse-battery-staple'
const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-storage-'))
let backend: FakeBackend

/** A gateway that has done everything that writes: served a key and somebody without one, made a key, taken an order. */
beforeAll(async () => {
  backend = await startFakeBackend(serve)
  const gateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    dataDir: folder,
    bindings: {
      BACKENDS: [{ id: 'gpu', url: backend.url, models: ['sd-v1'] }],
      PLANS: { default: { requestsPerMinute: 100, megapixelsPerMonth: 100 } },
      ANONYMOUS: { plan: 'default' },
      KEY_SECRETS: '{"1":"AAECAwQFBgcICQoLDA0ODw=="}',
      ADMIN_TOKEN,
    },
    log: () => undefined,
  })
  const operate = (path: string, body: object): Promise<Response> =>
    fetch(`${gateway.url}/v1/admin${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const { key } = (await (await operate('/keys', { name: 'somebody' })).json()) as { key: string }
  await operate('/backends/gpu/drain', {})
  await operate('/backends/gpu/enable', {})
  for (const headers of [{ authorization: `Bearer ${key}` }, {}]) {
    const init = { method: 'POST', headers, body: new Uint8Array(512).fill(50) }
    const answer = await fetch(`${gateway.url}/sd-v1?${pictureQuery()}`, init)
    expect(answer.status).toBe(200)
    await answer.arrayBuffer()
  }
  await gateway.stop()
})
afterAll(async () => {
  await backend.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** `Key usage: day, model, …` of every database file there is; tables of the runtime's own begin with _cf_. */
function tablesOnDisk(): Set<string> {
  const files = globSync('**/*.sqlite', { cwd: folder })
  const found = files.flatMap((file) => {
    const database = new DatabaseSync(`${folder}/${file}`, { readOnly: true })
    const object = basename(dirname(file)).replace('vae-gateway-', '')
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
    const texts = tables
      .filter(({ name }) => !/^(_cf_|sqlite_)/.test(String(name)))
      .map(({ name }) => {
        const columns = database.prepare('SELECT name FROM pragma_table_info(?)').all(name ?? '')
        return `${object} ${name}: ${columns.map(({ name }) => name).join(', ')}`
      })
    database.close()
    return texts
  })
  return new Set(found)
}

test('the tables on disk are those of the document, column by column', () => {
  const told = rowsUnder('object').map(([object, table, columns]) => `${object} ${table}: ${columns}`)
  expect([...tablesOnDisk()].toSorted()).toEqual(told.toSorted())
})

test('every class of objects that is deployed is among them', () => {
  const classes = Object.keys(wrangler.exports ?? {})
  expect(new Set(rowsUnder('object').map(([object]) => object))).toEqual(new Set(classes))
})

test('the runtime keeps nothing in tables of its own but the time of an alarm', () => {
  for (const file of globSync('**/*.sqlite', { cwd: folder })) {
    const database = new DatabaseSync(`${folder}/${file}`, { readOnly: true })
    const own = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '\\_cf\\_%' ESCAPE '\\'")
      .all()
    expect(['_cf_METADATA', '_cf_KV', '_cf_ALARM']).toEqual(
      expect.arrayContaining(own.map(({ name }) => name)),
    )
    if (own.some(({ name }) => name === '_cf_KV')) {
      expect(database.prepare('SELECT count(*) AS rows FROM _cf_KV').get()).toEqual({ rows: 0 })
    }
    database.close()
  }
})

describe('wrangler.toml', () => {
  /** What binds nothing. */
  const HARMLESS = [
    'name',
    'main',
    'compatibility_date',
    'compatibility_flags',
    'build',
    'exports',
    'limits',
    'observability',
    'vars',
  ]

  test('binds what the document says, and nothing else', () => {
    const { durable_objects: objects, ratelimits, assets, ...others } = wrangler
    const limits = (ratelimits ?? []) as unknown as { name: string }[]
    const bindings = [...(objects?.bindings ?? []), ...limits].map(({ name }) => name)
    expect([...bindings, assets?.binding].toSorted()).toEqual(
      rowsUnder('binding')
        .map(([name]) => name)
        .toSorted(),
    )
    expect(HARMLESS).toEqual(expect.arrayContaining(Object.keys(others)))
    expect(Object.keys(objects ?? {})).toEqual(['bindings'])
  })

  test('keeps URLs and queries out of what the platform logs', () => {
    const observability = wrangler.observability as {
      logs: object
      traces: object
      redact_query_string: boolean
    }
    expect(observability).toMatchObject({ redact_query_string: true, logs: { invocation_logs: false } })
    expect(Object.keys(observability).toSorted()).toEqual([
      'enabled',
      'logs',
      'redact_query_string',
      'traces',
    ])
    for (const part of [observability.logs, observability.traces])
      expect(part).not.toHaveProperty('destinations')
  })
})

test('the source uses no cache, and no storage of objects but their databases and alarms', () => {
  const uses = globSync('src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] }).flatMap((file) =>
    [...readFileSync(root + file, 'utf8').matchAll(/\bcaches\.|\bstorage\.(\w+)/g)].map(([text]) => text),
  )
  const allowed = [
    'storage.sql',
    'storage.setAlarm',
    'storage.getAlarm',
    'storage.deleteAlarm',
    'storage.deleteAll',
    'storage.transactionSync',
  ]
  expect(allowed).toEqual(expect.arrayContaining(uses))
})
