/** What is wrong with a lock file: packages that could change, that come from elsewhere, or that nobody agreed to. Pure. */

export interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export interface Lock {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  /** Packages whose own script is run when they are installed, or, with `false`, is known of and not run. */
  readonly allowScripts: Readonly<Record<string, boolean>>
}

const REGISTRY = 'https://registry.npmjs.org/'

/** Of single licences; several are joined by AND or OR. MPL-2.0 is about its own files only; LGPL is for tools. */
const LICENCES = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'CC0-1.0',
  'BlueOak-1.0.0',
  'MPL-2.0',
])
const LICENCES_OF_TOOLS = new Set([...LICENCES, 'LGPL-3.0-or-later', 'Python-2.0', 'CC-BY-4.0'])

/** @returns sentences; none when all is well */
export function flawsOf(lock: Lock, manifest: Manifest): string[] {
  const { '': root = {}, ...packages } = lock.packages
  const runtime = runtimeOf(lock, manifest)
  return [
    ...(lock.lockfileVersion >= 3 ? [] : [`the lock is of version ${lock.lockfileVersion}`]),
    ...flawsOfManifest(root, manifest, packages),
    ...Object.entries(packages).flatMap(([path, locked]) =>
      flawsOfPackage(path, locked, manifest, runtime.has(path)),
    ),
  ]
}

function flawsOfManifest(root: LockedPackage, manifest: Manifest, packages: Lock['packages']): string[] {
  return (['dependencies', 'devDependencies'] as const).flatMap((kind) => {
    const [said, locked] = [manifest[kind], root[kind] ?? {}]
    const names = new Set([...Object.keys(said), ...Object.keys(locked)])
    return [...names].flatMap((name) => {
      const version = said[name]
      if (version !== locked[name])
        return [`${name} is ${version} in package.json and ${locked[name]} in the lock`]
      if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version ?? '')) return [`${name} is not pinned: ${version}`]
      const installed = packages[`node_modules/${name}`]?.version
      return installed === version ? [] : [`${name} is pinned to ${version} and locked to ${installed}`]
    })
  })
}

function flawsOfPackage(
  path: string,
  locked: LockedPackage,
  { allowScripts }: Manifest,
  isRuntime: boolean,
): string[] {
  const flaws: string[] = []
  if (locked.link) flaws.push('is a link')
  if (!locked.integrity?.startsWith('sha512-')) flaws.push('has no integrity by SHA-512')
  // The lock leaves the address out where it is the registry's own.
  if (locked.resolved !== undefined && !locked.resolved.startsWith(REGISTRY))
    flaws.push(`comes from ${locked.resolved}`)
  if (locked.hasInstallScript && allowScripts[nameOf(path)] === undefined)
    flaws.push('runs a script when it is installed')
  const allowed = isRuntime ? LICENCES : LICENCES_OF_TOOLS
  if (!isAllowed(locked.license ?? '', allowed)) flaws.push(`has the licence ${locked.license}`)
  return flaws.map((flaw) => `${path} ${flaw}`)
}

const isAllowed = (expression: string, allowed: ReadonlySet<string>): boolean =>
  expression
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => allowed.has(licence.trim())))

/** Paths of what the Worker and the command are made of: the dependencies, and theirs. */
export function runtimeOf(lock: Lock, { dependencies }: Pick<Manifest, 'dependencies'>): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (names: readonly string[], from: string): void => {
    for (const name of names) {
      const path = resolve(lock, name, from)
      if (path === undefined || found.has(path)) continue
      found.add(path)
      visit(Object.keys(lock.packages[path]?.dependencies ?? {}), path)
    }
  }
  visit(Object.keys(dependencies), '')
  return found
}

/** As Node looks for a package: in the folder of who asks, then in those around it. */
function resolve({ packages }: Lock, name: string, from: string): string | undefined {
  const parts = from === '' ? [] : from.split('/node_modules/')
  for (let depth = parts.length; depth >= 0; depth--) {
    const path = [...parts.slice(0, depth), name].join('/node_modules/')
    const whole = depth === 0 ? `node_modules/${name}` : path
    if (packages[whole]) return whole
  }
  return undefined
}

const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
