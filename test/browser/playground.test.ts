/** The playground in Chromium, against the real gateway with its embedded preview and with an encoder of fake latents. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeSafetensors } from '../../public/assets/playground/tensor/safetensors.ts'
import { assetsDir } from '../../src/local/assets.ts'
import { pictureFile, serveTensor } from '../support/answers.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startBrowser, type Visit, visit } from './support/browser.ts'
import { choose, file, isDrawn, npyFile, press, sample, sidesOf } from './support/table.ts'

const ASTRONAUT = readFileSync('samples/sd-v1.astronaut.1x4x64x64.f16.bin')

let gateway: TestGateway
let encoder: FakeBackend
let browser: Browser

beforeAll(async () => {
  encoder = await startFakeBackend(serveTensor([1, 4, 64, 64], 'float16', ASTRONAUT))
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'preview', kind: 'preview', models: ['*'], slots: 4 },
      { id: 'encoder', url: encoder.url, models: ['sd-v1'], operations: ['encode'] },
    ],
  })
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  await encoder?.stop()
})

const open = (): Promise<Visit> => visit(browser, `${gateway.url}/#key=${gateway.key}`)
const answer = (page: Page) => page.locator('.pair figure').last()

describe('a sample', () => {
  test.each([
    ['Astronaut', 512, 512],
    ['Chelsea', 448, 320],
    ['Coffee', 768, 512],
  ])('%s shows itself before it is sent, and is decoded', async (title, width, height) => {
    const { page, complaints } = await open()
    await sample(page, title)
    const preview = page.getByRole('img', { name: 'What the latent shows by itself' })
    await expect.poll(() => isDrawn(preview)).toBe(true)
    await press(page, 'Decode')
    expect(await sidesOf(answer(page).locator('img'))).toEqual([width, height])
    expect(await page.locator('.facts').textContent()).toContain('preview')
    expect(await page.locator('.legend').textContent()).toMatch(/backend/)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('of a clip becomes a video that plays', async () => {
    const { page, complaints } = await open()
    await sample(page, 'Clip')
    await press(page, 'Decode')
    const video = page.locator('video')
    const at = () => video.evaluate((element) => (element as unknown as { currentTime: number }).currentTime)
    await expect.poll(at, { timeout: 20_000 }).toBeGreaterThan(0.2)
    expect(complaints).toEqual([])
    await page.close()
  })
})

describe('what is wrong', () => {
  test('with a file is said, and nothing is sent', async () => {
    const { page, complaints } = await open()
    await choose(
      page,
      file('broken.npy', Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0, 0, 0, 0, 0])),
    )
    const alert = page.getByRole('alert')
    expect(await alert.textContent()).toContain('Expected a .npy file with one array of numbers')
    expect(await page.getByRole('button', { name: 'Decode', exact: true }).isDisabled()).toBe(true)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('with raw bytes is that they have no shape; once they have they are decoded', async () => {
    const { page, complaints } = await open()
    await choose(page, file('latent.bin', ASTRONAUT))
    await page.getByLabel('Shape').fill('1, 4, 64, 63')
    await press(page, 'Read')
    await page.getByText('Expected 32256 bytes for [1,4,64,63] of float16, not 32768.').waitFor()
    await page.getByLabel('Shape').fill('1, 4, 64, 64')
    await press(page, 'Read')
    await page.getByRole('combobox', { name: /^Model/ }).selectOption('sd-v1')
    await press(page, 'Decode')
    expect(await sidesOf(answer(page).locator('img'))).toEqual([512, 512])
    expect(complaints).toEqual([])
    await page.close()
  })

  test('with a key is said by the gateway, with a way to another and a request id', async () => {
    const { page, complaints } = await visit(browser, `${gateway.url}/#key=vg_not-a-key`)
    await sample(page, 'Astronaut')
    await press(page, 'Decode')
    const problem = page.locator('.problem')
    await problem.getByRole('heading', { name: 'Unauthorized' }).waitFor()
    expect(await problem.textContent()).toMatch(/Expected a valid API key.*unauthorized.*request [\w-]{8}/s)
    await press(page, 'Enter another key')
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.type(gateway.key)
    await press(page, 'Decode')
    await answer(page).locator('img').waitFor()
    // The browser itself reports every 401.
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
    await page.close()
  })

  test('with a latent is explained in the words of the gateway', async () => {
    const { page, complaints } = await open()
    await choose(page, file('zeros.npy', npyFile([1, 4, 16, 16])))
    await press(page, 'Decode')
    const warning = page.locator('.notice.warn')
    await warning.getByRole('heading', { name: 'All zero' }).waitFor()
    expect(await warning.getByRole('link').getAttribute('href')).toBe('/warnings/latent-all-zero')
    expect(complaints).toEqual([])
    await page.close()
  })

  test('with the gateway is said when it cannot be reached', async () => {
    const { page } = await open()
    await sample(page, 'Astronaut')
    await page.context().setOffline(true)
    await press(page, 'Decode')
    await page.getByRole('heading', { name: 'The gateway cannot be reached' }).waitFor()
    await page.close()
  })
})

test('the key leaves the address bar at once, and is kept only for who asks', async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${gateway.url}/#key=${gateway.key}`)
  const field = page.locator('#key')
  await field.waitFor()
  expect(await field.inputValue()).toBe(gateway.key)
  expect(page.url()).toBe(`${gateway.url}/`)
  await page.reload()
  expect(await field.inputValue()).toBe('')
  await field.fill(gateway.key)
  await page.getByLabel('Keep in this browser').check()
  await page.reload()
  expect(await field.inputValue()).toBe(gateway.key)
  await press(page, 'Forget')
  await page.reload()
  expect(await field.inputValue()).toBe('')
  expect(await page.evaluate('localStorage.length')).toBe(0)
  await context.close()
})

test('twenty files are decoded in one go, and progress says how many', async () => {
  const { page, complaints } = await open()
  const latent = readFileSync('samples/sdxl.chelsea.1x4x40x56.f16.bin').subarray(0, 4 * 16 * 16 * 2)
  const npy = Buffer.concat([npyFile([1, 4, 16, 16]).subarray(0, 128), latent])
  await choose(page, ...Array.from({ length: 20 }, (_, index) => file(`${index}.npy`, npy)))
  await page.locator('.strip li').nth(19).waitFor()
  await press(page, 'All 20')
  await page.getByText('20 of 20 answered').waitFor()
  expect(await page.locator('.thumb.answered img').count()).toBe(20)
  await press(page, 'Remove 3.npy')
  await page.getByText('19 of 19 answered').waitFor()
  await press(page, 'Clear')
  await page.getByRole('heading', { name: 'Nothing here yet' }).waitFor()
  expect(complaints).toEqual([])
  await page.close()
})

test('a picture becomes a latent, which can be saved and decoded again', async () => {
  const { page, complaints } = await open()
  await choose(page, file('photo.png', new Uint8Array(pictureFile(512, 512, 'image/png'))))
  const asked = page.waitForRequest('**/v1/encode/**')
  await press(page, 'Encode')
  expect(new URL((await asked).url()).search).toBe('?do_scaling=True')
  await page.getByText('[1, 4, 64, 64] float16').waitFor()
  expect(encoder.requests.at(-1)?.query.get('scaling_factor')).toBe('0.18215')
  const saved = page.waitForEvent('download')
  await press(page, '.safetensors')
  const download = await saved
  expect(download.suggestedFilename()).toBe('photo.safetensors')
  const bytes = readFileSync(await download.path())
  expect(bytes.subarray(8).toString('latin1')).toMatch(
    /^\{"latent_tensor":\{"dtype":"F16","shape":\[1,4,64,64\]/,
  )
  expect(bytes.subarray(-ASTRONAUT.length).equals(ASTRONAUT)).toBe(true)
  await press(page, 'Decode it again')
  await press(page, 'Decode')
  expect(await sidesOf(answer(page).locator('img'))).toEqual([512, 512])
  expect(complaints).toEqual([])
  await page.close()
})

test('a file that a saved latent is can be chosen again', async () => {
  const { page, complaints } = await open()
  await choose(
    page,
    file(
      'latent.safetensors',
      writeSafetensors({ shape: [1, 4, 64, 64], dtype: 'float16', data: new Uint8Array(ASTRONAUT) }),
    ),
  )
  await page.getByText('[1, 4, 64, 64] float16').waitFor()
  await press(page, 'Decode')
  expect(await sidesOf(answer(page).locator('img'))).toEqual([512, 512])
  expect(complaints).toEqual([])
  await page.close()
})

test('models of the gateway are listed, each with what it takes', async () => {
  const { page, complaints } = await open()
  const { models } = (await (await fetch(`${gateway.url}/v1/models`)).json()) as {
    models: { served: boolean }[]
  }
  const served = models.filter((model) => model.served).length
  await page.getByText(`${served} models of this gateway`).click()
  expect(await page.locator('#models tbody tr').count()).toBe(served)
  expect(complaints).toEqual([])
  await page.close()
})

test('a gateway without models says so', async () => {
  const { page } = await open()
  await page.route('**/v1/models', (route) => route.fulfill({ json: { models: [] } }))
  await page.reload()
  await page.getByText('This gateway serves no model yet').waitFor()
  await page.close()
})

test('size is asked for where the latent does not say it, and a wrong one is not sent', async () => {
  const { page, complaints } = await open()
  await sample(page, 'Coffee')
  await page.getByLabel('Width').fill('512')
  expect(await page.getByRole('button', { name: 'Decode', exact: true }).isDisabled()).toBe(true)
  await page.getByLabel('Height').fill('768')
  await press(page, 'Decode')
  expect(await sidesOf(answer(page).locator('img'))).toEqual([512, 768])
  expect(complaints).toEqual([])
  await page.close()
})

test('the call in each language is that of what was chosen', async () => {
  const { page, complaints } = await open()
  await sample(page, 'Coffee')
  const code = page.locator('.snippets code')
  const { host } = new URL(gateway.url)
  expect(await code.textContent()).toContain(
    `endpoint="http://x:KEY@${host}/flux",\n    tensor=latent,\n    scaling_factor=0.3611,\n    shift_factor=0.1159,`,
  )
  await press(page, 'curl')
  expect(await code.textContent()).toContain('shape=1&shape=1536&shape=64&dtype=float16&do_scaling=True')
  await press(page, 'TypeScript')
  expect(await code.textContent()).toContain(`await fetch('http://${host}/v1/decode/flux?`)
  expect(await code.textContent()).not.toContain(gateway.key)
  expect(complaints).toEqual([])
  await page.close()
})

test('the keyboard alone is enough', async () => {
  const { page, complaints } = await open()
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
  await answer(page).locator('img').waitFor()
  expect(await page.getByRole('status').first().textContent()).toMatch(/^Answered in \d+ milliseconds\.$/)
  expect(complaints).toEqual([])
  await page.close()
})

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test.each([1280, 390])(
    'at %i pixels, everything can be read and named, and nothing is cut off',
    async (width) => {
      // Axe is a script that the page's own policy refuses.
      const context = await browser.newContext({
        colorScheme,
        viewport: { width, height: 844 },
        bypassCSP: true,
      })
      const page = await context.newPage()
      await page.goto(`${gateway.url}/#key=${gateway.key}`, { waitUntil: 'networkidle' })
      await page.addScriptTag({ content: axe.source })
      const violations = () =>
        page.evaluate(
          "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join()))",
        )
      expect(await violations()).toEqual([])
      await choose(page, file('zeros.npy', npyFile([1, 4, 16, 16])))
      await press(page, 'Decode')
      await page.getByRole('heading', { name: 'All zero' }).waitFor()
      await choose(page, file('raw.bin', Buffer.alloc(32)))
      await page.getByLabel('Shape').waitFor()
      expect(await violations()).toEqual([])
      await page.locator('#key').fill('vg_wrong')
      await sample(page, 'Clip')
      await press(page, 'Decode')
      await page.locator('.problem').waitFor()
      await page.locator('summary').click()
      expect(await violations()).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      await context.close()
    },
  )
})

test('the script is under 100 KB before it is compressed', () => {
  const script = readFileSync(join(assetsDir, 'assets/playground.js'))
  expect(script.length).toBeLessThan(100 * 1024)
  expect(gzipSync(script).length).toBeLessThan(35 * 1024)
})

/** Only when asked: pictures differ with every font of the machine. */
describe.runIf(process.env.SCREENSHOTS)('a picture for the documentation', () => {
  test.each([
    ['playground', 1280, 1000],
    ['playground-phone', 390, 844],
  ])('%s.jpg', async (name, width, height) => {
    const context = await browser.newContext({ viewport: { width, height } })
    const page = await context.newPage()
    await page.goto(`${gateway.url}/#key=${gateway.key}`)
    await sample(page, 'Coffee')
    await press(page, 'Decode')
    await sidesOf(answer(page).locator('img'))
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.jpg`, type: 'jpeg', quality: 82 })
    await context.close()
  })
})
