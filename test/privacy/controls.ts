/** Leaks that are planted in real places, in every form: each must be found, or the search proves nothing. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { deflateSync, gzipSync } from 'node:zlib'
import { Aviary, type Canary } from './canary.ts'
import { type Form, formsOf, PIECE_BYTES } from './forms.ts'
import { type Leaked, leakedInto } from './proof.ts'
import { Search } from './search.ts'
import { changedSince, filesIn, processSinks, type Sink, sinksOf, snapshot } from './sinks.ts'

/** Puts a leak in its place; what it gives back takes it away again. */
type Planter = (leak: Buffer) => void

interface Planted {
  readonly canary: Canary
  readonly form: string
  /** How the sink's name begins. */
  readonly sink: string
}

/** A piece in each form by itself, and the whole within what is compressed. */
const disguises = (bytes: Buffer): Form[] => [
  ...formsOf(bytes.subarray(0, PIECE_BYTES), 0),
  { name: 'gzip', pattern: gzipSync(bytes) },
  { name: 'zlib', pattern: deflateSync(bytes) },
  { name: 'gzip in base64', pattern: Buffer.from(gzipSync(bytes).toString('base64')) },
]

/** @returns what was planted and not found */
export async function missedControls(tree: string): Promise<{ planted: number; missed: readonly Planted[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-control-'))
  const ofTree = join(tree, `.privacy-control-${randomBytes(4).toString('hex')}`)
  const before = snapshot(tree)
  const aviary = new Aviary()
  const planted: Planted[] = []
  const plant = (sink: string, put: Planter, mayBe: (form: string) => boolean = () => true): void => {
    const names = disguises(Buffer.alloc(64)).map(({ name }) => name)
    for (const [i, form] of names.entries()) {
      if (!mayBe(form)) continue
      const canary = aviary.add('latent', `a control as ${form} in ${sink}`, randomBytes(64))
      put(disguises(canary.bytes)[i]?.pattern ?? Buffer.alloc(0))
      planted.push({ canary, form, sink })
    }
  }
  for (const name of ['out', 'data', 'tmp', 'home']) mkdirSync(join(folder, name))
  const stays = new DatabaseSync(join(folder, 'data', 'a.sqlite'))
  const closes = new DatabaseSync(join(folder, 'data', 'b.sqlite'))
  const children: ChildProcess[] = []
  try {
    plant('out: stdout', (leak) =>
      appendFileSync(join(folder, 'out', 'stdout'), Buffer.concat([leak, NEW_LINE])),
    )
    plant('out: stderr', (leak) =>
      appendFileSync(join(folder, 'out', 'stderr'), Buffer.concat([leak, NEW_LINE])),
    )
    plant('tmp: a/file', intoFile(join(folder, 'tmp', 'a', 'file')))
    plant('home: .npm/log', intoFile(join(folder, 'home', '.npm', 'log')))
    plant(`tree: ${ofTree.slice(tree.length).replace(/^\//, '')}`, intoFile(ofTree))
    // One database that is open, so that all is in its log, and one that is not.
    plant('data: a.sqlite-wal', intoDatabase(stays))
    plant('data: b.sqlite', intoDatabase(closes))
    closes.close()
    // No argument can hold a NUL.
    const isArgument = (form: string): boolean => !/^(raw|UTF-16|gzip|zlib)$/.test(form)
    const leaks: string[] = []
    plant(
      'process: ',
      (leak) => leaks.push(leak.toString('utf8').replaceAll('\0', '')),
      (form) => isArgument(form) && form !== 'text' && form !== 'capitals',
    )
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000); console.log(1)', ...leaks])
    children.push(child)
    await once(child.stdout, 'data')
    const sinks: Sink[] = ['out', 'data', 'tmp', 'home'].flatMap((name) =>
      sinksOf(name, filesIn(join(folder, name)), join(folder, name)),
    )
    sinks.push(...processSinks([child.pid ?? 0]), ...sinksOf('tree', changedSince(tree, before), tree))
    const found = leakedInto(sinks, new Search(aviary.all))
    return { planted: planted.length, missed: planted.filter((one) => !isAmong(found, one)) }
  } finally {
    stays.close()
    for (const child of children) child.kill('SIGKILL')
    for (const path of [folder, ofTree]) rmSync(path, { recursive: true, force: true })
  }
}

const NEW_LINE = Buffer.from('\n')

const isAmong = (found: readonly Leaked[], { canary, sink }: Planted): boolean =>
  found.some((leak) => leak.canary === canary && leak.sink.startsWith(sink))

const intoFile = (path: string): Planter => {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, '')
  return (leak) => appendFileSync(path, Buffer.concat([leak, NEW_LINE]))
}

const intoDatabase = (database: DatabaseSync): Planter => {
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE leak (bytes BLOB)')
  const insert = database.prepare('INSERT INTO leak VALUES (?)')
  return (leak) => void insert.run(leak)
}
