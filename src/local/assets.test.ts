import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from '../../test/support/folder.ts'
import { buildAssets } from './assets.ts'

const list = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).toSorted()

test('pages are copied, their scripts made for browsers, and no source is among them', async () => {
  const folder = folderWith()
  await buildAssets(folder)
  expect(list(folder)).toEqual(
    expect.arrayContaining(['index.html', 'assets/playground.css', 'assets/playground.js']),
  )
  expect(list(folder).filter((path) => /\.ts$|tsconfig|draft/.test(path))).toEqual([])
  expect(readFileSync(join(folder, 'assets/playground.js'), 'utf8')).not.toContain('interface ')
})

test('the OpenAPI document is written for gateways with and without an admin API', async () => {
  const folder = folderWith()
  await buildAssets(folder)
  const pathsOf = (variant: string): string[] => {
    const text = readFileSync(join(folder, `openapi/${variant}.json`), 'utf8')
    return Object.keys((JSON.parse(text) as { paths: object }).paths)
  }
  expect(pathsOf('admin')).toContain('/v1/admin/keys')
  const isForOperators = (path: string): boolean => path.startsWith('/v1/admin') || path === '/metrics'
  expect(pathsOf('public')).toEqual(pathsOf('admin').filter((path) => !isForOperators(path)))
})

test('whatever a page asks for at its start is there', async () => {
  const folder = folderWith()
  await buildAssets(folder)
  for (const page of list(folder).filter((path) => path.endsWith('.html'))) {
    const links = [...readFileSync(join(folder, page), 'utf8').matchAll(/(?:src|href)="(\/assets\/[^"]*)"/g)]
    const missing = links.flatMap(([, path = '']) => (existsSync(join(folder, path)) ? [] : [path]))
    expect(missing, page).toEqual([])
  }
})

test('what is as it must be is left alone, what changed is replaced, what is no longer wanted goes', async () => {
  const folder = folderWith({ 'old.html': 'gone' })
  await buildAssets(folder)
  const before = statSync(join(folder, 'index.html')).ino
  writeFileSync(join(folder, 'assets/playground.css'), 'broken')
  await buildAssets(folder)
  expect(existsSync(join(folder, 'old.html'))).toBe(false)
  expect(statSync(join(folder, 'index.html')).ino).toBe(before)
  expect(readFileSync(join(folder, 'assets/playground.css'), 'utf8')).not.toBe('broken')
})

// Each build is half a second of a processor.
test('several may build at a time', async () => {
  const folder = folderWith()
  await Promise.all(Array.from({ length: 4 }, () => buildAssets(folder)))
  const once = folderWith()
  await buildAssets(once)
  expect(list(folder)).toEqual(list(once))
}, 30_000)
