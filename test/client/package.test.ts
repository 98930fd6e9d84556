/** What is published: one module that runs anywhere, types that hold anywhere, nothing else. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleClient } from '../../src/local/client-package.ts'
import { projectDir } from '../../src/local/installation.ts'
import { installClient, type Project } from '../support/client-package.ts'

const run = promisify(execFile)

let project: Project
beforeAll(async () => {
  project = await installClient()
})
afterAll(() => project.remove())

const manifest = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8')) as Record<string, unknown>

test('the package has one module, its types and its documents, and depends on nothing', () => {
  expect(readdirSync(project.installed).sort()).toEqual([
    'LICENSE',
    'README.md',
    'index.js',
    'package.json',
    'types',
  ])
  expect(Object.keys(manifest()).filter((name) => /dependencies|scripts|private/i.test(name))).toEqual([])
})

test('the module is imported by its name, in Node', async () => {
  const code = `import * as all from 'vae-gateway/client'; console.log(Object.keys(all).sort().join())`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: project.folder })
  expect(stdout.trim().split(',')).toEqual([
    'AuthenticationError',
    'BackendError',
    'ConnectionError',
    'DeadlineError',
    'InvalidRequestError',
    'InvalidTensorError',
    'RateLimitError',
    'UnavailableError',
    'UnexpectedAnswerError',
    'VaeGatewayError',
    'createClient',
    'createQueue',
    'fromFloats',
    'readTensor',
    'toFloats',
    'writeNpy',
    'writeSafetensors',
  ])
})

test('the module imports nothing, so that any platform has all of it', async () => {
  const { metafile } = await build({
    entryPoints: [join(project.installed, 'index.js')],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    metafile: true,
    write: false,
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)
  expect(imports).toEqual([])
  expect(readFileSync(join(project.installed, 'index.js'), 'utf8')).not.toMatch(/\brequire\(|node:|zod/)
})

test('a page that takes all of it takes less than 15 KB', async () => {
  const bytes = gzipSync(await bundleClient({ minify: true })).length
  console.info(`vae-gateway/client: ${bytes} bytes, minified and compressed`)
  expect(bytes).toBeLessThan(15_000)
})

const USE = `
import { createClient, createQueue, readTensor, type Tensor, VaeGatewayError } from 'vae-gateway/client'
const client = createClient({ endpoint: 'https://vae.example.com', apiKey: undefined })
const latent: Tensor = await readTensor(new Uint8Array(4), { shape: [1], dtype: 'float32' })
const blob: Blob = (await client.decode(latent)).blob
const tensor: Tensor = (await client.decode(latent, { as: 'tensor' })).tensor
const queue = createQueue({ client, onError: 'yield', decode: { as: 'stream' } })
for await (const result of queue) if (result.ok) result.answer.stream satisfies ReadableStream<Uint8Array>
const runs = createQueue({ run: (input: Blob) => client.encode(input, { model: 'sdxl' }) })
await runs.push(blob)
for await (const { answer } of runs) answer.tensor satisfies Tensor
// @ts-expect-error: a tensor was asked for
;(await client.decode(latent, { as: 'tensor' })).blob
export const code = (error: unknown) => (error instanceof VaeGatewayError ? error.code : tensor.dtype)
`

test.each([
  ['a page', { lib: ['es2022', 'dom', 'dom.iterable'], types: [] }, 'answer.bitmap satisfies ImageBitmap'],
  ['Node', { lib: ['es2023'], types: ['node'] }, ''],
  ['a Worker', { lib: ['es2024'], types: ['@cloudflare/workers-types'] }, ''],
])('the types hold in %s, with those that are there', async (place, { lib, types }, more) => {
  const name = place.replace(/\W/g, '-')
  const bitmap = more && `const answer = await client.decode(latent, { as: 'bitmap' }); ${more}\n`
  writeFileSync(join(project.folder, `${name}.ts`), USE + bitmap)
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: 'nodenext',
    lib,
    types,
    typeRoots: [join(projectDir, 'node_modules/@types'), join(projectDir, 'node_modules')],
    exactOptionalPropertyTypes: true,
  }
  const file = join(project.folder, `tsconfig.${name}.json`)
  writeFileSync(file, JSON.stringify({ compilerOptions, files: [`${name}.ts`] }))
  const tsc = join(projectDir, 'node_modules/typescript/bin/tsc')
  const complaints = await run(process.execPath, [tsc, '--project', file]).then(
    () => '',
    (error: { stdout?: string }) => error.stdout ?? String(error),
  )
  // Those of Node and of Workers have quarrels of their own, in files of theirs.
  expect(
    complaints.split('\n').filter((line) => line.includes('vae-gateway') || line.includes(`${name}.ts`)),
  ).toEqual([])
})
