/** What the project's Markdown files say: their code, their links, their headings. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import GithubSlugger from 'github-slugger'
import type { Code, Link, Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { toString as textOf } from 'mdast-util-to-string'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Block {
  /** `docs/admin.md:24` */
  readonly at: string
  /** As the fence names it; empty where it does not. */
  readonly language: string
  /** What stands behind the language: where it runs, as in `ts worker`. */
  readonly place: string
  readonly code: string
}

export interface Document {
  /** From the root of the project. */
  readonly path: string
  readonly blocks: readonly Block[]
  readonly links: readonly { readonly at: string; readonly url: string }[]
  /** Of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>
}

/** Where there are pages for people. */
const FOLDERS = ['.', 'docs', 'backend', 'backend/huggingface', 'samples']

export const readDocuments = (): Document[] =>
  FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => readDocument(join(folder, name))),
  )

function readDocument(path: string): Document {
  const nodes = [...walk(fromMarkdown(readFileSync(join(root, path), 'utf8')))]
  const at = (node: Nodes): string => `${path}:${node.position?.start.line}`
  const slugger = new GithubSlugger()
  return {
    path,
    blocks: nodes
      .filter((node): node is Code => node.type === 'code')
      .map((node) => ({ at: at(node), language: node.lang ?? '', place: node.meta ?? '', code: node.value })),
    links: nodes
      .filter((node): node is Link => node.type === 'link' || (node.type as string) === 'image')
      .map((node) => ({ at: at(node), url: node.url })),
    anchors: new Set(
      nodes.filter(({ type }) => type === 'heading').map((node) => slugger.slug(textOf(node))),
    ),
  }
}

function* walk(node: Nodes): Generator<Nodes> {
  yield node
  if ('children' in node) for (const child of node.children) yield* walk(child)
}
