/** The client in Chromium, from a page of another origin than the gateway's. */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeSafetensors } from '../../src/client/index.ts'
import { bundleClient } from '../../src/local/client-package.ts'
import { readDocuments, root } from '../documents/markdown.ts'
import { fillIn } from '../documents/shell.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startBrowser } from './support/browser.ts'

let gateway: TestGateway
let browser: Browser
/** Where the page is, for a page that is nowhere may not ask this machine. */
let site: Server
beforeAll(async () => {
  const script = await bundleClient({ minify: true })
  site = createServer(({ url }, response) => {
    const isScript = url?.endsWith('.js')
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : PAGE)
  }).listen(0, '127.0.0.1')
  gateway = await startTestGateway({
    BACKENDS: [{ id: 'preview', kind: 'preview', models: ['*'], slots: 2 }],
  })
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  site?.closeAllConnections()
  site?.close()
})

const PAGE = `<!doctype html><link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "vae-gateway/client": "/client.js" } }</script>
<input type="file"><canvas></canvas>`

/** A page that has the client under its name. */
async function openPage(): Promise<{ page: Page; said: string[] }> {
  const page = await browser.newPage()
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
  return { page, said }
}

/** Runs a module in the page; rejects with what it throws. */
const runModule = (page: Page, code: string): Promise<unknown> =>
  page.evaluate(
    `import(URL.createObjectURL(new Blob([${JSON.stringify(code)}], { type: 'text/javascript' }))).then(() => undefined)`,
  )

const filled = (code: string): string =>
  fillIn(code, { url: gateway.url, key: gateway.key, keyId: '', adminToken: '' })

const blocks = readDocuments()
  .flatMap((document) => document.blocks)
  .filter(({ language, place }) => language === 'ts' && place === 'browser')

test.each(blocks.map(({ at, code }) => [at, code]))('%s draws what is in the file', async (_, code) => {
  const { page, said } = await openPage()
  const data = new Uint8Array(readFileSync(join(root, 'samples/sdxl.chelsea.1x4x40x56.f16.bin')))
  const file = writeSafetensors({ shape: [1, 4, 40, 56], dtype: 'float16', data })
  await page
    .locator('input')
    .setInputFiles({ name: 'cat.safetensors', mimeType: '', buffer: Buffer.from(file) })
  await runModule(page, filled(code))
  const drawn = await page.evaluate<{ width: number; height: number; colours: number }>(`
    (({ width, height }, { data }) => ({ width, height, colours: new Set(new Uint32Array(data.buffer)).size }))(
      canvas = document.querySelector('canvas'),
      canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height),
    )`)
  expect(drawn).toMatchObject({ width: 448, height: 320 })
  expect(drawn.colours).toBeGreaterThan(1_000)
  const phases = [...new Set(said.map((line) => line.split(' ')[0]))]
  expect(phases).toEqual(['sending', 'waiting', 'receiving'])
})

test('twenty latents come out of a queue in order, and a refusal is its own kind of error', async () => {
  const { page, said } = await openPage()
  const code = `
    import { createClient, createQueue, fromFloats, AuthenticationError } from 'vae-gateway/client'
    const latent = (seed) => fromFloats(Float32Array.from({ length: 256 }, (_, i) => Math.sin(seed + i)), [1, 4, 8, 8], 'float16')
    const client = createClient({ endpoint: 'https://HOST', apiKey: 'KEY' })
    const queue = createQueue({ client, concurrency: 4, decode: { model: 'sdxl', as: 'tensor', format: 'pixels' } })
    queue.pushAll(Array.from({ length: 20 }, (_, seed) => latent(seed)))
    for await (const { index, answer } of queue) console.log(index, answer.tensor.shape.join())
    const stranger = createClient({ endpoint: 'https://HOST', apiKey: 'no' })
    await stranger.decode(latent(0), { model: 'sdxl' }).catch((error) =>
      console.log(error instanceof AuthenticationError, error.code, error.requestId.length))`
  await runModule(page, filled(code))
  const lines = said.filter((line) => !line.includes('Failed to load resource'))
  expect(lines.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => `${index} 1,64,64,3`))
  expect(lines[20]).toMatch(/^true unauthorized \d+$/)
})
