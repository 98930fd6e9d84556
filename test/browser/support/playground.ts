/** The playground for the tests of a file: a browser, and a gateway with its embedded preview. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { startTestGateway, type TestGateway } from '../../support/gateway.ts'
import { startBrowser, type Visit, visit } from './browser.ts'

export const PREVIEW = { id: 'preview', kind: 'preview', models: ['*'], slots: 4 } as const

export interface Playground {
  readonly gateway: TestGateway
  readonly browser: Browser
  /** Opens the page with a good key, unless another is given. */
  open(key?: string): Promise<Visit>
  /** Does something on the page, which must not complain meanwhile but of what is expected. */
  use(act: (page: Page) => Promise<void>, expected?: RegExp): Promise<void>
}

/** @param backends of the gateway, once what they need is up */
export function playground(backends: () => readonly object[] | Promise<readonly object[]>): Playground {
  let gateway: TestGateway
  let browser: Browser
  beforeAll(async () => {
    gateway = await startTestGateway({ BACKENDS: await backends() })
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await gateway?.stop()
  })
  const open = (key = gateway.key): Promise<Visit> => visit(browser, `${gateway.url}/#key=${key}`)
  return {
    get gateway() {
      return gateway
    },
    get browser() {
      return browser
    },
    open,
    async use(act, allowed) {
      const { page, complaints } = await open()
      await act(page)
      expect(complaints.filter((text) => !allowed?.test(text))).toEqual([])
      await page.close()
    },
  }
}

/** What came back, beside what the latent shows by itself. */
export const answerOn = (page: Page) => page.locator('.pair > :last-child')

/** A key of the gateway in a page where none was given. */
export const keyField = (page: Page) => page.locator('#key')
