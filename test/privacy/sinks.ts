/** Every place where something of a request could have been left. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Sink {
  readonly name: string
  readonly bytes: Buffer
}

/** All files below a folder; those that vanish meanwhile are left out. */
export function filesIn(folder: string, skip: ReadonlySet<string> = new Set()): string[] {
  return list(folder).flatMap((name) => {
    const path = join(folder, name)
    if (skip.has(name)) return []
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats?.isDirectory()) return filesIn(path, skip)
    return stats?.isFile() ? [path] : []
  })
}

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Files as sinks, with their names, which could give something away as well. */
export function sinksOf(kind: string, paths: readonly string[], base: string): Sink[] {
  return paths.flatMap((path): Sink[] => {
    try {
      const name = relative(base, path)
      return [
        { name: `${kind}: ${name}`, bytes: Buffer.concat([Buffer.from(`${name}\n`), readFileSync(path)]) },
      ]
    } catch {
      return []
    }
  })
}

/** When each file of a tree was changed. What is installed or versioned is no work of a gateway, but for caches. */
export function snapshot(tree: string): ReadonlyMap<string, number> {
  const files = [
    ...filesIn(tree, new Set(['node_modules', '.git'])),
    ...['.cache', '.mf', '.vite', '.tmp'].flatMap((name) => filesIn(join(tree, 'node_modules', name))),
  ]
  return new Map(files.map((path) => [path, lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0]))
}

/** Files that were made or changed since. */
export const changedSince = (tree: string, before: ReadonlyMap<string, number>): string[] =>
  [...snapshot(tree)].flatMap(([path, at]) => (before.get(path) === at ? [] : [path]))

/** The process and all that it started; none where the system does not tell. */
export function processTree(pid: number): number[] {
  const children = list(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    } catch {
      return []
    }
  })
  return [pid, ...children.flatMap(processTree)]
}

/** What anybody on the machine can see of processes: command lines; and what their owner can: environments. */
export const processSinks = (pids: readonly number[]): Sink[] =>
  pids.flatMap((pid) => sinksOf('process', [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`], '/proc'))

/** Regular files that processes hold open, the deleted ones among them. */
export function openFiles(pids: readonly number[]): { readonly path: string; readonly fd: string }[] {
  return pids.flatMap((pid) =>
    list(`/proc/${pid}/fd`).flatMap((name) => {
      const fd = `/proc/${pid}/fd/${name}`
      try {
        const path = readlinkSync(fd)
        return path.startsWith('/') && isRegular(fd) ? [{ path, fd }] : []
      } catch {
        return []
      }
    }),
  )
}

const isRegular = (fd: string): boolean => {
  const target = readlinkSync(fd)
  if (/^\/(dev|proc|sys)\//.test(target)) return false
  if (target.endsWith(' (deleted)')) return true
  return lstatSync(realpathSync(fd), { throwIfNoEntry: false })?.isFile() ?? false
}
