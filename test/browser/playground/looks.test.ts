/** Who cannot see, who has a phone, who has a slow line; and the pictures of the documentation. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import axe from 'axe-core'
import { decode as decodeJpeg } from 'jpeg-js'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { assetsDir } from '../../../src/local/assets.ts'
import { pictureFile, serveTensor } from '../../support/answers.ts'
import { startFakeBackend } from '../../support/fake-backend.ts'
import { psnr } from '../../support/psnr.ts'
import { answerOn, PREVIEW, playground } from '../support/playground.ts'
import { choose, file, npyFile, press, sample, sidesOf } from '../support/table.ts'

const latent = readFileSync('samples/sd-v1.astronaut.1x4x64x64.f16.bin')
const encoder = await startFakeBackend(serveTensor([1, 4, 64, 64], 'float16', latent))
afterAll(() => encoder.stop())

const on = playground(() => [
  PREVIEW,
  { id: 'encoder', url: encoder.url, models: ['sd-v1'], operations: ['encode'] },
])

test('the keyboard alone is enough', async () => {
  await on.use(async (page) => {
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab')
        const text = await page.evaluate('document.activeElement?.textContent ?? ""')
        if (name.test(String(text))) return
      }
      throw new Error(`${name} is not reached`)
    }
    await tabTo(/^Astronaut/)
    await page.keyboard.press('Enter')
    await page.locator('.name').waitFor()
    await tabTo(/^Decode$/)
    await page.keyboard.press('Enter')
    await answerOn(page).locator('img').waitFor()
    expect(await page.locator('.stage [role=status]').first().textContent()).toMatch(
      /^Answered in \d+ milliseconds\.$/,
    )
  })
})

const violationsOn = (page: Page) =>
  page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join()))",
  )

/** Each leaves the page in a state of its own. */
const STATES: readonly (readonly [string, (page: Page) => Promise<unknown>])[] = [
  ['nothing on it', () => Promise.resolve()],
  [
    'a warning, and raw bytes chosen',
    async (page) => {
      await choose(page, file('zeros.npy', npyFile([1, 4, 16, 16])))
      await press(page, 'Decode')
      await page.getByRole('heading', { name: 'All zero' }).waitFor()
      await choose(page, file('raw.bin', Buffer.alloc(32)))
      await page.getByRole('button', { name: /^zeros.npy/ }).click()
    },
  ],
  [
    'a shape that is none',
    async (page) => {
      await page.getByRole('button', { name: /^raw.bin/ }).click()
      await page.getByLabel('Shape').fill('3')
      await press(page, 'Read')
      await page.getByText(/^Expected/).waitFor()
    },
  ],
  [
    'a picture encoded',
    async (page) => {
      await choose(page, file('photo.png', pictureFile(512, 512, 'image/png')))
      await press(page, 'Encode')
      await page.getByText('[1, 4, 64, 64] float16').waitFor()
    },
  ],
  [
    'a request that waits for another try',
    async (page) => {
      const headers = { 'retry-after': '9' }
      await page.route('**/v1/decode/**', (route) => route.fulfill({ status: 503, headers, body: '' }))
      await sample(page, 'Chelsea')
      await press(page, 'Decode')
      await page.getByText(/^Waiting \d+ s/).waitFor()
    },
  ],
  [
    'a problem, and the models unfolded',
    async (page) => {
      await press(page, 'Stop')
      await page.unroute('**/v1/decode/**')
      await page.locator('#key').fill('vg_wrong')
      await sample(page, 'Clip')
      await press(page, 'Decode')
      await page.locator('.problem').waitFor()
      await page.locator('summary').click()
    },
  ],
  [
    'no gateway',
    async (page) => {
      await page.route('**/v1/models', (route) => route.abort())
      await page.reload()
      await page.getByText('The gateway cannot be reached.').waitFor()
      await page.addScriptTag({ content: axe.source })
    },
  ],
]

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test.each([1280, 390])(
    'at %i pixels, everything can be read and named, and nothing is cut off',
    async (width) => {
      // Axe is a script that the page's own policy refuses.
      const viewport = { width, height: 844 }
      const context = await on.browser.newContext({ colorScheme, viewport, bypassCSP: true })
      const page = await context.newPage()
      await page.goto(`${on.gateway.url}/#key=${on.gateway.key}`, { waitUntil: 'networkidle' })
      await page.addScriptTag({ content: axe.source })
      for (const [state, reach] of STATES) {
        await reach(page)
        expect(await violationsOn(page), `with ${state}`).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth'), `with ${state}`).toBe(width)
      }
      await context.close()
    },
  )
})

test('the script is under 100 KB before it is compressed', () => {
  const script = readFileSync(join(assetsDir, 'assets/playground.js'))
  const compressed = gzipSync(script).length
  console.info(`playground.js: ${script.length} bytes, ${compressed} compressed`)
  expect(script.length).toBeLessThan(100_000)
  expect(compressed).toBeLessThan(37_000)
})

/** Only when asked. A request's id and its milliseconds differ each time, and a picture is not made anew for that. */
describe.runIf(process.env.SCREENSHOTS)('a picture for the documentation', () => {
  test.each([
    ['playground', 1280, 1000],
    ['playground-phone', 390, 844],
  ])('%s.jpg', async (name, width, height) => {
    const context = await on.browser.newContext({ viewport: { width, height } })
    const page = await context.newPage()
    await page.goto(`${on.gateway.url}/#key=${on.gateway.key}`)
    await sample(page, 'Coffee')
    await press(page, 'Decode')
    await sidesOf(answerOn(page).locator('img'))
    await page.locator('.facts').waitFor()
    const taken = await page.screenshot({ type: 'jpeg', quality: 82 })
    const path = join(process.env.SCREENSHOTS ?? '', `${name}.jpg`)
    if (!existsSync(path) || differ(taken, readFileSync(path))) writeFileSync(path, taken)
    await context.close()
  })
})

/** Whether more than a line of small print is another. */
function differ(one: Uint8Array, other: Uint8Array): boolean {
  const [a, b] = [decodeJpeg(one), decodeJpeg(other)]
  return a.width !== b.width || a.height !== b.height || psnr(a.data, b.data) < 35
}
