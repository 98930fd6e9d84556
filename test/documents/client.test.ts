/** Each block of TypeScript in the documentation is run where it says: in Node unless it says otherwise. */
import { execFile } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sniff } from '../../src/wire/file-magic.ts'
import { installClient, type Project } from '../support/client-package.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { toolkit } from '../support/toolkit.ts'
import { readDocuments, root } from './markdown.ts'
import { fillIn } from './shell.ts'

const blocks = readDocuments()
  .flatMap((document) => document.blocks)
  .filter(({ language }) => language === 'ts')
const of = (place: string) => blocks.filter((block) => block.place === place)

let project: Project
let encoder: FakeBackend
let gateway: TestGateway
beforeAll(async () => {
  project = await installClient()
  for (const name of ['samples', 'docs']) symlinkSync(join(root, name), join(project.folder, name))
  encoder = await startFakeBackend(toolkit)
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'encoder', url: encoder.url, models: ['sdxl'], operations: ['encode'] },
      { id: 'preview', kind: 'preview', models: ['*'], slots: 2 },
    ],
  })
})
afterAll(async () => {
  await gateway.stop()
  await encoder.stop()
  project.remove()
})

const filled = (code: string): string =>
  fillIn(code, { url: gateway.url, key: gateway.key, keyId: '', adminToken: '' })

/** What a block prints. */
async function inNode(code: string): Promise<string> {
  const file = join(project.folder, 'block.ts')
  writeFileSync(file, filled(code))
  return (await promisify(execFile)(process.execPath, [file], { cwd: project.folder })).stdout
}

test.each(of('').map((block) => [block.at, block.code]))('%s runs in Node', async (_, code) => {
  const said = await inNode(code)
  // What a line is said to print stands behind it.
  for (const [, promised = ''] of code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)) {
    expect(said).toContain(promised.replace(/ …$/, ''))
  }
})

test('the blocks for Node are TypeScript that compiles', async () => {
  const files = of('').map(({ code }, index) => {
    writeFileSync(join(project.folder, `block-${index}.ts`), code)
    return `block-${index}.ts`
  })
  const typeRoots = [join(root, 'node_modules/@types')]
  const options = {
    strict: true,
    noEmit: true,
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    typeRoots,
  }
  const config = { compilerOptions: { ...options, skipLibCheck: true }, files }
  writeFileSync(join(project.folder, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [tsc, '--project', project.folder])
})

/** As much of Deno as is used: the rest of the block is the platform that both have. */
const DENO = `import { readFile, writeFile } from 'node:fs/promises'
globalThis.Deno = { readFile, writeFile }
`

test.each(of('deno').map((block) => [block.at, block.code]))('%s runs with Deno’s files', async (_, code) => {
  await inNode(DENO + code)
  expect(sniff(readFileSync(join(project.folder, 'astronaut.jpg')))).toBe('image/jpeg')
})

test.each(of('worker').map((block) => [block.at, block.code]))('%s runs in a Worker', async (_, code) => {
  const { outputFiles } = await build({
    stdin: { contents: filled(code), resolveDir: project.folder, loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
  })
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: outputFiles[0]?.text ?? '',
      compatibilityDate: '2026-01-01',
    }),
  )
  try {
    const body = readFileSync(join(root, 'samples/sdxl.chelsea.1x4x40x56.f16.bin'))
    const response = await miniflare.dispatchFetch('http://worker/', { method: 'POST', body })
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(sniff(new Uint8Array(await response.arrayBuffer()))).toBe('image/png')
  } finally {
    await miniflare.dispose()
  }
})

test('every block has a place where it is run; those of pages in test/browser/client.test.ts', () => {
  expect([...new Set(blocks.map(({ place }) => place))].sort()).toEqual(['', 'browser', 'deno', 'worker'])
})
