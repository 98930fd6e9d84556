/** A gateway, everything that can happen to it, and a search of every place where something could have stayed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFakeBackend } from '../support/fake-backend.ts'
import { Aviary, type Canary } from './canary.ts'
import { FOLDERS, startGatewayProcess } from './gateway-process.ts'
import { makeSecrets } from './keys.ts'
import { scenarios, settingsOf } from './scenarios.ts'
import { Search } from './search.ts'
import {
  changedSince,
  filesIn,
  openFiles,
  processSinks,
  processTree,
  type Sink,
  sinksOf,
  snapshot,
} from './sinks.ts'
import { type Report, traffic } from './traffic.ts'
import { hangs, Upstream } from './upstream.ts'

export interface Leaked {
  readonly canary: Canary
  readonly form: string
  readonly sink: string
}

export interface Proof extends Report {
  readonly leaked: readonly Leaked[]
  readonly sinks: readonly Sink[]
  readonly canaries: number
  readonly patterns: number
  readonly searchedBytes: number
  /** Files that the gateway has open and nobody searched. */
  readonly unsearched: readonly string[]
  readonly backendsAsked: number
}

const WRITTEN_AFTER_MS = 6_000

/** Where the operator writes secrets himself. */
const SECRETS_FILE = 'config: .dev.vars'

/**
 * @param tree of the gateway: the project, or a copy of it
 * @param isShort leaves out what takes long
 */
export async function prove(tree: string, isShort: boolean): Promise<Proof> {
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-privacy-'))
  const aviary = new Aviary()
  const upstream = new Upstream(aviary)
  const spy = await startFakeBackend(hangs(upstream))
  const before = snapshot(tree)
  const secrets = makeSecrets(aviary)
  for (const canary of aviary.all) canary.home.add(SECRETS_FILE)
  try {
    const all = scenarios(spy.url)
    const toml = settingsOf(all, await upstream.start())
    const gateway = await startGatewayProcess(tree, folder, toml, secrets)
    let report: Report
    let sinks: Sink[]
    let unsearched: string[]
    try {
      report = await traffic({ url: gateway.url, aviary, upstream, secrets, scenarios: all, isShort })
      // Usage is written down some seconds after it was counted.
      await sleep(WRITTEN_AFTER_MS)
      const pids = processTree(gateway.pid)
      unsearched = openElsewhere(pids, folder)
      sinks = [...foldersOf(folder, 'running'), ...processSinks(pids)]
    } finally {
      await gateway.stop()
    }
    sinks.push(...foldersOf(folder, 'stopped'), ...sinksOf('tree', changedSince(tree, before), tree))
    sinks.push(...report.told.map(({ sink, bytes }) => ({ name: sink, bytes })))
    sinks.push({ name: 'backends', bytes: upstream.heard() })
    const strangers = spy.requests.length + spy.probes.length
    const complaints = [...report.complaints, ...(strangers > 0 ? ['a redirect was followed'] : [])]
    const search = new Search(aviary.all)
    const leaked = leakedInto(sinks, search)
    return {
      ...report,
      complaints,
      leaked,
      sinks,
      unsearched,
      canaries: aviary.all.length,
      patterns: search.patterns,
      searchedBytes: search.bytes,
      backendsAsked: upstream.count,
    }
  } finally {
    await Promise.all([upstream.stop(), spy.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}

const foldersOf = (folder: string, when: string): Sink[] =>
  [...FOLDERS, 'config'].flatMap((name) =>
    sinksOf(name, filesIn(join(folder, name)), join(folder, name)).map((sink) =>
      name === 'config' ? sink : { ...sink, name: `${sink.name} (${when})` },
    ),
  )

/** Canaries in sinks where they do not belong. */
export const leakedInto = (sinks: readonly Sink[], search: Search): Leaked[] =>
  sinks.flatMap(({ name: sink, bytes }) =>
    search.in(bytes).flatMap(({ canary, form }) => (canary.home.has(sink) ? [] : [{ canary, form, sink }])),
  )

/** What a gateway reads and never writes: what is installed. */
const openElsewhere = (pids: readonly number[], folder: string): string[] =>
  openFiles(pids).flatMap(({ path }) =>
    path.startsWith(`${folder}/`) || /\/node_modules\/|^\/(usr|lib|lib64|etc|opt)\//.test(path) ? [] : [path],
  )
