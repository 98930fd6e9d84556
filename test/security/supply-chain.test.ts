import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { flawsOf, type Lock, type Manifest, runtimeOf } from './supply-chain.ts'

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'))
const lock = read('package-lock.json') as Lock
const manifest = read('package.json') as Manifest

test('T18: every package is locked to its bytes, of a licence and without a script that nobody agreed to', () => {
  expect(flawsOf(lock, manifest)).toEqual([])
})

test('what the Worker is made of is little, and known by name', () => {
  const names = [...runtimeOf(lock, manifest)].map((path) => path.replace(/^.*node_modules\//, ''))
  expect(names).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)))
  expect(names.length).toBeLessThanOrEqual(20)
})

describe('it would be noticed when', () => {
  const good = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' }
  const changed = (changes: object, path = 'node_modules/x'): string[] =>
    flawsOf({ ...lock, packages: { ...lock.packages, [path]: { ...good, ...changes } } }, manifest)

  test.each<[string, object, string]>([
    ['a package has no integrity', { integrity: undefined }, 'has no integrity by SHA-512'],
    ['a package has a weak one', { integrity: 'sha1-x' }, 'has no integrity by SHA-512'],
    [
      'a package comes from elsewhere',
      { resolved: 'https://evil.example/x.tgz' },
      'comes from https://evil.example/x.tgz',
    ],
    [
      'a package comes from a repository',
      { resolved: 'git+ssh://git@github.com/x/x.git#1' },
      'comes from git+ssh',
    ],
    [
      'a package only looks like the registry’s',
      { resolved: 'https://registry.npmjs.org.evil.example/' },
      'comes from',
    ],
    ['a package is a folder', { link: true }, 'is a link'],
    ['a package runs a script', { hasInstallScript: true }, 'runs a script when it is installed'],
    ['a package has another licence', { license: 'AGPL-3.0-only' }, 'has the licence AGPL-3.0-only'],
    ['a package has none', { license: undefined }, 'has the licence undefined'],
    ['one of two licences that both hold is another', { license: 'MIT AND SSPL-1.0' }, 'has the licence'],
  ])('%s', (_, changes, flaw) => {
    expect(changed(changes)).toEqual([expect.stringContaining(`node_modules/x ${flaw}`)])
  })

  test('the Worker would be made of what is copyleft', () => {
    expect(
      changed({ ...lock.packages['node_modules/hono'], license: 'LGPL-3.0-or-later' }, 'node_modules/hono'),
    ).toHaveLength(1)
  })

  test('a version is a range, another one is locked, or one is missing from the lock', () => {
    const pinned = { ...manifest, dependencies: { ...manifest.dependencies, hono: '^4.0.0' } }
    expect(flawsOf(lock, pinned)).toEqual([expect.stringContaining('hono is ^4.0.0 in package.json')])
    expect(changed({ version: '4.0.0' }, 'node_modules/hono')).toEqual([
      expect.stringContaining('hono is pinned to'),
    ])
    const more = { ...manifest, devDependencies: { ...manifest.devDependencies, x: '1.0.0' } }
    expect(flawsOf(lock, more)).toEqual(['x is 1.0.0 in package.json and undefined in the lock'])
  })
})
