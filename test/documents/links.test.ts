import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
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
