import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'
import { readDocuments, root } from './markdown.ts'

const documents = new Map(readDocuments().map((document) => [document.path, document]))

test('each link of a page leads to a file that there is, and to a heading of it', () => {
  const inside = [...documents.values()].flatMap(({ path, links }) =>
    links.filter(({ url }) => !/^[a-z]+:/.test(url)).map((link) => ({ ...link, path })),
  )
  expect(inside.length).toBeGreaterThan(50)
  const dead = inside.filter(({ path, url }) => {
    const [file = '', anchor] = url.split('#')
    const target = file === '' ? path : normalize(join(dirname(path), decodeURI(file)))
    if (!existsSync(join(root, target))) return true
    return anchor !== undefined && !documents.get(target)?.anchors.has(anchor)
  })
  expect(dead.map(({ at, url }) => `${at}: ${url}`)).toEqual([])
})

test('every page of docs/ is in its index', () => {
  const linked = new Set(
    documents.get('docs/README.md')?.links.map(({ url }) => normalize(join('docs', url))) ?? [],
  )
  const pages = [...documents.keys()].filter((path) => path.startsWith('docs/') && path !== 'docs/README.md')
  expect(pages.length).toBeGreaterThan(10)
  expect(pages.filter((path) => !linked.has(path))).toEqual([])
})

test('a source that a page names is there, wherever the sentence is to be read from', () => {
  const sources = ['src', 'public', 'test', 'bench', 'backend'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).map((entry) => {
      const path = relative(root, join(entry.parentPath, entry.name))
      return `/${path}${entry.isDirectory() ? '/' : ''}`
    }),
  )
  sources.push('/src/', '/public/', '/test/', '/bench/', '/backend/')
  const isSource = (text: string): boolean => /^[\w.-]+(\/[\w.-]+)*(\.tsx?|\/)$/.test(text)
  const isOwn = (path: string): boolean => /^(ARCHITECTURE|CONTRIBUTING|SECURITY)\.md$|^docs\//.test(path)
  const named = [...documents.values()]
    .filter(({ path }) => isOwn(path))
    .flatMap(({ spans }) => spans.filter(({ text }) => isSource(text)))
  expect(named.length).toBeGreaterThan(100)
  const gone = named.filter(({ text }) => !sources.some((path) => path.endsWith(`/${text}`)))
  expect(gone.map(({ at, text }) => `${at}: ${text}`)).toEqual([])
})
