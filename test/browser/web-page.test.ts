/** The web page of docs/clients as somebody else's site: of another origin, and from a file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeSafetensors } from '../../src/client/index.ts'
import { readDocuments, root } from '../documents/markdown.ts'
import { fillIn } from '../documents/shell.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startBrowser } from './support/browser.ts'

let gateway: TestGateway
let browser: Browser
let site: Server
/** What the site answers. */
let html = ''
beforeAll(async () => {
  gateway = await startTestGateway({
    BACKENDS: [{ id: 'preview', kind: 'preview', models: ['*'], slots: 2 }],
  })
  site = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(html)
  }).listen(0, '127.0.0.1')
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  site?.closeAllConnections()
  site?.close()
})

const filled = (code: string): string =>
  fillIn(code, { url: gateway.url, key: gateway.key, keyId: '', adminToken: '' })
const example = (): string => filled(readFileSync(join(root, 'docs/clients/web-page.html'), 'utf8'))
const sample = new Uint8Array(readFileSync(join(root, 'samples/sdxl.chelsea.1x4x40x56.f16.bin')))

async function open(text: string, url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`) {
  html = text
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.goto(url)
  await page.waitForLoadState('networkidle')
  return { page, errors }
}

const widthOf = (page: Page): Promise<number> =>
  page
    .waitForFunction('document.querySelector("img").naturalWidth')
    .then((found) => found.jsonValue()) as Promise<number>

test('a page of another origin takes the client from the gateway and decodes a file', async () => {
  const { page, errors } = await open(example())
  await page.getByLabel('Key').fill(gateway.key)
  const file = writeSafetensors({ shape: [1, 4, 40, 56], dtype: 'float16', data: sample })
  await page
    .getByLabel('Latent')
    .setInputFiles({ name: 'cat.safetensors', mimeType: '', buffer: Buffer.from(file) })
  expect(await widthOf(page)).toBe(448)
  expect(await page.getByRole('status').textContent()).toMatch(/^\d+ bytes in \d+(\.\d+)? ms$/)
  expect(errors).toEqual([])
})

test('a page decodes the sample of the gateway, and says why when its key is none', async () => {
  const { page, errors } = await open(example())
  await page.getByLabel('Key').fill('nonsense')
  await page.getByRole('button', { name: 'sample' }).click()
  await page.getByText('Expected a valid API key').waitFor()
  await page.getByLabel('Key').fill(gateway.key)
  await page.getByRole('button', { name: 'sample' }).click()
  expect(await widthOf(page)).toBe(448)
  expect(errors).toEqual([])
})

test('the page works from a file, with no site at all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-page-'))
  try {
    writeFileSync(join(folder, 'page.html'), example())
    const { page, errors } = await open('', `file://${folder}/page.html`)
    await page.getByLabel('Key').fill(gateway.key)
    await page.getByRole('button', { name: 'sample' }).click()
    expect(await widthOf(page)).toBe(448)
    expect(errors).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const blocks = readDocuments()
  .flatMap((document) => document.blocks)
  .filter(({ language }) => language === 'html')

test.each(blocks.map(({ at, code }) => [at, code]))('%s shows a picture', async (_, code) => {
  const { page, errors } = await open(filled(code))
  expect(await widthOf(page)).toBeGreaterThan(0)
  expect(errors).toEqual([])
})
