/** What goes wrong, and how the page says it. */
import { afterAll, describe, expect, test } from 'vitest'
import { answer } from '../../support/behaviours.ts'
import { startFakeBackend } from '../../support/fake-backend.ts'
import { answerOn, keyField, PREVIEW, playground } from '../support/playground.ts'
import { choose, file, npyFile, press, sample } from '../support/table.ts'

const broken = await startFakeBackend(answer('500 Internal Server Error', 'oops'))
afterAll(() => broken.stop())

const on = playground(() => [
  { ...PREVIEW, models: ['sd-v1', 'wan-2.1'] },
  { id: 'broken', url: broken.url, models: ['sdxl'] },
])

/** The browser itself reports every refusal. */
const REPORTED = /Failed to load resource/

const REFUSAL = {
  status: 503,
  headers: { 'retry-after': '1', 'x-request-id': 'r-1' },
  contentType: 'application/problem+json',
  body: JSON.stringify({
    title: 'No capacity',
    status: 503,
    code: 'no-capacity',
    detail: 'Every backend is busy.',
    requestId: 'r-1',
  }),
}

describe('a file', () => {
  test.each([
    [
      'of an array without a type',
      'broken.npy',
      Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0, 0, 0, 0, 0]),
      'Expected a .npy file with one array of numbers',
    ],
    ['of nothing', 'empty.bin', Buffer.alloc(0), 'This file is empty.'],
    [
      'that is cut off',
      'cut.npy',
      npyFile([1, 4, 8, 8]).subarray(0, 300),
      'Expected 512 bytes for [1,4,8,8] of float16, not 172.',
    ],
  ])('%s is said to be none, and not sent', async (_, name, bytes, says) => {
    await on.use(async (page) => {
      await choose(page, file(name, bytes))
      await page.getByRole('alert').getByText(says).waitFor()
      expect(await page.getByRole('button', { name: 'Decode', exact: true }).isDisabled()).toBe(true)
    })
  })
})

test('a sample is offered where its model is served', async () => {
  await on.use(async (page) => {
    await page.locator('.samples button:enabled').first().waitFor()
    const offered = await page.locator('.samples button').allTextContents()
    expect(offered.map((text) => text.trim())).toEqual(['Astronaut sd-v1', 'Chelsea sdxl', 'Clip wan-2.1'])
  })
})

test('a bad key is refused by the gateway, with a way to another and a request id', async () => {
  const { page, complaints } = await on.open('vg_not-a-key')
  await sample(page, 'Astronaut')
  await press(page, 'Decode')
  const problem = page.locator('.problem')
  await problem.getByRole('heading', { name: 'Unauthorized' }).waitFor()
  expect(await problem.textContent()).toMatch(/Expected a valid API key.*unauthorized.*request [\w-]{8}/s)
  await press(page, 'Enter another key')
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type(on.gateway.key)
  await press(page, 'Decode')
  await answerOn(page).locator('img').waitFor()
  expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
  await page.close()
})

test('a backend that fails is tried again before the eyes of who waits, then said to have failed', async () => {
  await on.use(async (page) => {
    await sample(page, 'Chelsea')
    await press(page, 'Decode')
    await page.getByText(/^Waiting \d s, the gateway asked for it$/).waitFor()
    const problem = page.locator('.problem')
    await problem.waitFor()
    expect(await problem.textContent()).toMatch(/Sent 5 times.*upstream-error/s)
    expect(await problem.getByRole('link').getAttribute('href')).toBe('/problems/upstream-error')
    expect(await problem.textContent()).not.toContain('oops')
  }, REPORTED)
})

test('a gateway that asks for time is given it, and who waits is told how long and why', async () => {
  await on.use(async (page) => {
    let refusals = 1
    await page.route('**/v1/decode/**', (route) =>
      refusals-- > 0
        ? route.fulfill({ ...REFUSAL, headers: { ...REFUSAL.headers, 'retry-after': '2' } })
        : route.continue(),
    )
    await sample(page, 'Astronaut')
    await press(page, 'Decode')
    await page.getByText(/^Waiting [123] s, the gateway asked for it$/).waitFor()
    await page.getByText('Try 1 failed: No capacity: Every backend is busy.', { exact: true }).waitFor()
    expect(await page.locator('.stage [role=status]').first().textContent()).toMatch(
      /^Try 1 failed: .* asked for it\.$/,
    )
    await answerOn(page).locator('img').waitFor()
    expect(await page.locator('.facts').textContent()).toContain('2 times')
  }, REPORTED)
})

test('what waits for another try can be stopped, and is sent when it is asked for again', async () => {
  await on.use(async (page) => {
    await page.route('**/v1/decode/**', (route) =>
      route.fulfill({ ...REFUSAL, headers: { 'retry-after': '20' } }),
    )
    await sample(page, 'Astronaut')
    await press(page, 'Decode')
    await page.getByText(/the gateway asked for it$/).waitFor()
    await press(page, 'Stop')
    await page.getByText('Not sent yet').waitFor()
    await page.unroute('**/v1/decode/**')
    await press(page, 'Decode')
    await answerOn(page).locator('img').waitFor()
  }, REPORTED)
})

test('something else that answers is told from the gateway', async () => {
  await on.use(async (page) => {
    await page.route('**/v1/decode/**', (route) => route.fulfill({ status: 404, body: '<html>' }))
    await sample(page, 'Astronaut')
    await press(page, 'Decode')
    await page.getByRole('heading', { name: 'Status 404, and not from a gateway' }).waitFor()
  }, REPORTED)
})

describe('a gateway', () => {
  test('that cannot be reached is said to be, once it was tried again', async () => {
    await on.use(async (page) => {
      await sample(page, 'Astronaut')
      await page.context().setOffline(true)
      await press(page, 'Decode')
      await page.getByText('Try 1 failed: The gateway cannot be reached.', { exact: true }).waitFor()
      await page.getByText(/^Trying again in \d s$/).waitFor()
      await page.getByRole('heading', { name: 'The gateway cannot be reached' }).waitFor()
      await page.context().setOffline(false)
      await press(page, 'Decode')
      await answerOn(page).locator('img').waitFor()
    }, REPORTED)
  })

  test('that did not answer when the page came is asked again by a button', async () => {
    const { page } = await on.open()
    await page.route('**/v1/models', (route) => route.abort())
    await page.reload()
    await page.getByText('The gateway cannot be reached.').waitFor()
    await page.unroute('**/v1/models')
    await press(page, 'Try again')
    await sample(page, 'Astronaut')
    await page.getByRole('button', { name: 'Decode', exact: true }).waitFor()
    await page.close()
  })

  test('without models says so', async () => {
    const { page } = await on.open()
    await page.route('**/v1/models', (route) => route.fulfill({ json: { models: [] } }))
    await page.reload()
    await page.getByText('This gateway serves no model yet').waitFor()
    expect(await page.locator('.samples button').count()).toBe(0)
    await page.close()
  })
})

test('the key leaves the address bar at once, and is kept only for who asks', async () => {
  const context = await on.browser.newContext()
  const page = await context.newPage()
  await page.goto(`${on.gateway.url}/#key=${on.gateway.key}`)
  const field = keyField(page)
  await field.waitFor()
  expect(await field.inputValue()).toBe(on.gateway.key)
  expect(page.url()).toBe(`${on.gateway.url}/`)
  expect(await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length')).toBe(0)
  await page.reload()
  expect(await field.inputValue()).toBe('')
  await field.fill(on.gateway.key)
  await page.getByLabel('Keep in this browser').check()
  await page.reload()
  expect(await field.inputValue()).toBe(on.gateway.key)
  await press(page, 'Forget')
  await page.reload()
  expect(await field.inputValue()).toBe('')
  expect(await page.evaluate('localStorage.length')).toBe(0)
  await context.close()
})
