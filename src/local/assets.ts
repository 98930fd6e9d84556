/** What the platform serves as files, made of the sources in public/ and of libraries, into dist/public. */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { openapiDocument } from '../http/openapi/document.ts'
import { projectDir } from './installation.ts'

/** Where wrangler.toml and the gateway on this machine look for them. */
export const assetsDir = join(projectDir, 'dist', 'public')

const sourceDir = join(projectDir, 'public')

/** Latents to try the gateway with, which the playground offers. */
const samplesDir = join(projectDir, 'samples')

/** A file as it shall lie in the folder: its path in there, and its bytes. */
export type Asset = readonly [path: string, contents: Uint8Array]

/**
 * Makes all of them, in a fraction of a second. Only what differs is written, and each file is put in place as a whole:
 * gateways and tests that start at the same time may all build, and none sees half of a file or misses one.
 * @throws Error with the bundler's complaint when a source is wrong
 */
export async function buildAssets(folder = assetsDir): Promise<void> {
  const sources = filesUnder(sourceDir)
  const entries = sources.filter(isEntry)
  const assets = [
    ...(await bundle(entries)),
    ...documents(),
    ...LICENCES.map(([path, from]): Asset => [path, readFileSync(join(projectDir, 'node_modules', from))]),
    ...filesUnder(samplesDir)
      .filter((path) => path.endsWith('.bin'))
      .map((path): Asset => [`assets/samples/${path}`, readFileSync(join(samplesDir, path))]),
    ...sources.filter(isStatic).map((path): Asset => [path, readFileSync(join(sourceDir, path))]),
  ]
  for (const [path, contents] of assets) put(join(folder, path), contents)
  const wanted = new Set(assets.map(([path]) => path))
  for (const path of filesUnder(folder))
    if (!wanted.has(path) && !isDraft(path)) rmSync(join(folder, path), { force: true })
}

/** Scripts and styles of pages lie in assets/ itself; what they import, in folders below. */
const isEntry = (path: string): boolean => /^assets\/[^/]+\.(tsx?|css)$/.test(path)

const isStatic = (path: string): boolean => !/\.(tsx?|css)$/.test(path) && path !== 'tsconfig.json'

/** For browsers of the last years; a page asks for nothing but what lies beside it. */
async function bundle(entries: readonly string[]): Promise<Asset[]> {
  const { outputFiles } = await build({
    entryPoints: entries.map((path) => join(sourceDir, path)),
    outbase: sourceDir,
    outdir: sourceDir,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles.map(({ path, contents }): Asset => [relative(sourceDir, path), contents])
}

/** Of what is bundled and goes to browsers. */
const LICENCES = [
  ['assets/licences/swagger-ui.txt', 'swagger-ui-dist/LICENSE'],
  ['assets/licences/preact.txt', 'preact/LICENSE'],
  ['assets/licences/preact-signals.txt', '@preact/signals/LICENSE'],
] as const

/** The OpenAPI document, as `/openapi.json` serves it where there is an admin token and where there is none. */
const documents = (): Asset[] =>
  [true, false].map(
    (hasAdmin): Asset => [
      `openapi/${hasAdmin ? 'admin' : 'public'}.json`,
      Buffer.from(JSON.stringify(openapiDocument(hasAdmin))),
    ],
  )

/** Paths of all files, seen from the folder. */
function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

function put(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${randomUUID()}${DRAFT}`
  writeFileSync(draft, contents)
  renameSync(draft, path)
}

const DRAFT = '.draft'

const isDraft = (path: string): boolean => path.endsWith(DRAFT)
