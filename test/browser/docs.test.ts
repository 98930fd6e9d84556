import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'
import { startBrowser, visit } from './support/browser.ts'

let gateway: TestGateway
let browser: Browser

beforeAll(async () => {
  gateway = await startTestGateway({
    BACKENDS: [{ id: 'preview', kind: 'preview', models: ['*'] }],
    ADMIN_TOKEN,
  })
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
})

test('/docs shows every route, asks no other host and keeps to its policy', async () => {
  const { page, complaints } = await visit(browser, `${gateway.url}/docs`)
  const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>
  }
  const described = Object.values(document.paths).flatMap((item) => Object.keys(item))
  await page.locator('.opblock').first().waitFor()
  expect(await page.locator('.opblock').count()).toBe(described.length)
  await page.locator('#operations-models-showModel button').first().click()
  await page.locator('#operations-models-showModel .responses-table').waitFor()
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/docs.png` })
  expect(complaints).toEqual([])
})

test('a page that asks another host is refused, and noticed', async () => {
  const { page, complaints } = await visit(browser, `${gateway.url}/docs`)
  const asked = page.evaluate("fetch('https://example.com/').then(() => 'answered', () => 'refused')")
  expect(await asked).toBe('refused')
  expect(complaints.join()).toContain('violates the following Content Security Policy directive')
})

test('/docs asks the gateway what its reader wants to try', async () => {
  const { page, complaints } = await visit(browser, `${gateway.url}/docs#/state/health`)
  const operation = page.locator('#operations-state-health')
  await operation.getByRole('button', { name: 'Try it out' }).click()
  await operation.getByRole('button', { name: 'Execute' }).click()
  await operation.locator('.live-responses-table .response-col_status').filter({ hasText: '200' }).waitFor()
  expect(await operation.locator('.live-responses-table').textContent()).toContain('"status": "ok"')
  expect(complaints).toEqual([])
})
