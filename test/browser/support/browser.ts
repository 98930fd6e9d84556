/** Chromium as Debian has it, and what a page of a gateway does in it. */
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** @throws Error that says what to install */
export function startBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path))
  if (!executablePath) throw new Error('No Chromium: apt-get install chromium, or name it in CHROMIUM.')
  // Containers let nobody have namespaces of their own.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

export interface Visit {
  readonly page: Page
  /** Whatever the page asked for elsewhere, was refused by its policy, or failed at. */
  readonly complaints: readonly string[]
}

/** Opens a page and waits until it asks for nothing more. */
export async function visit(browser: Browser, url: string): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  const complaints: string[] = []
  page.on('request', (request) => {
    const asked = new URL(request.url())
    const isOwn =
      asked.origin === new URL(url).origin || asked.protocol === 'data:' || asked.protocol === 'blob:'
    if (!isOwn) complaints.push(`asked for ${request.url()}`)
  })
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(url, { waitUntil: 'networkidle' })
  return { page, complaints }
}
