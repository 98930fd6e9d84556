/** The dashboard in Chromium, against the real gateway with backends that fail on demand. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PoolReport } from '../../src/admin/contract.ts'
import { assetsDir } from '../../src/local/assets.ts'
import { answer, reset, serve } from '../support/behaviours.ts'
import { decode, pictureQuery, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, isWell, startFakeBackend } from '../support/fake-backend.ts'
import { keyIdOf, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, operate, ordered } from '../support/operator.ts'
import { startBrowser, type Visit, visit } from './support/browser.ts'
import { manyBackends, pretend, rowOf, signIn } from './support/operator.ts'

let one: FakeBackend
let two: FakeBackend
let gateway: TestGateway
let browser: Browser

beforeAll(async () => {
  one = await startFakeBackend(serve)
  two = await startFakeBackend(serve)
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'gpu-1', url: one.url, models: ['sd-v1'] },
      { id: 'gpu-2', url: two.url, models: ['sd-v1', 'sdxl'] },
    ],
    ADMIN_TOKEN,
  })
  browser = await startBrowser()
})
beforeEach(async () => {
  for (const backend of [one, two]) {
    backend.behaviour = serve
    backend.health = isWell
  }
  for (const id of ['gpu-1', 'gpu-2']) {
    await order(id, 'enable')
    await order(id, 'probe')
  }
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  await Promise.all([one?.stop(), two?.stop()])
})

const order = (id: string, what: string) =>
  ordered(operate(gateway, `/backends/${id}/${what}`, undefined, { method: 'POST' }))

/** As the admin API says it. */
async function stateOf(id: string): Promise<string | undefined> {
  const { pools } = await ordered<{ pools: PoolReport[] }>(operate(gateway, '/pools'))
  return pools.flatMap(({ backends }) => backends).find((backend) => backend.id === id)?.state
}

async function send(): Promise<number> {
  const response = await decode(gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent())
  await response.arrayBuffer()
  return response.status
}

const open = (): Promise<Visit> => visit(browser, `${gateway.url}/dashboard#token=${ADMIN_TOKEN}`)
/** For what happens when requests come. */
const PATIENCE = { timeout: 30_000, interval: 500 }

const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

/** The browser itself reports every answer that is an error. */
const own = (complaints: readonly string[]): string[] =>
  complaints.filter((text) => !text.startsWith('Failed to load resource'))

describe('the token', () => {
  test('is asked for, and opens the page', async () => {
    const { page, complaints } = await visit(browser, `${gateway.url}/dashboard`)
    expect(await page.locator('table').count()).toBe(0)
    await signIn(page, ADMIN_TOKEN)
    await rowOf(page, 'gpu-1').waitFor()
    expect(complaints).toEqual([])
    await press(page, 'Leave')
    await page.getByLabel('Admin token').waitFor()
    expect(await page.locator('table').count()).toBe(0)
    await page.close()
  })

  test('that is wrong is refused in words, shows nothing, and can be typed again', async () => {
    const { page, complaints } = await visit(browser, `${gateway.url}/dashboard`)
    await signIn(page, gateway.key)
    await page.getByText('The gateway refuses this token').waitFor()
    expect(await page.locator('table').count()).toBe(0)
    await signIn(page, ADMIN_TOKEN)
    await rowOf(page, 'gpu-1').waitFor()
    expect(own(complaints)).toEqual([])
    await page.close()
  })

  test('leaves the address at once, and outlives a reload only for who asks', async () => {
    const { page } = await open()
    await rowOf(page, 'gpu-1').waitFor()
    expect(page.url()).toBe(`${gateway.url}/dashboard`)
    await page.reload()
    await page.getByLabel('Keep until this tab is closed').check()
    await signIn(page, ADMIN_TOKEN)
    await rowOf(page, 'gpu-1').waitFor()
    await page.reload()
    await rowOf(page, 'gpu-1').waitFor()
    expect(await page.evaluate('localStorage.length')).toBe(0)
    await press(page, 'Leave')
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
    await page.close()
  })
})

/** A backend that refuses us is out, and is tried again. */
const OUT = /^(ejected|half-open)$/

describe('without a reload', () => {
  test('a backend that goes down says so and why, and is read out', async () => {
    const { page, complaints } = await open()
    const row = rowOf(page, 'gpu-1')
    await row.getByText(/^(Usable|Slow start)$/).waitFor()
    one.behaviour = answer('401 Unauthorized', '')
    await expect
      .poll(async () => {
        await send()
        return stateOf('gpu-1')
      }, PATIENCE)
      .toMatch(OUT)
    // It is tried again every few seconds, so it may be either at any moment.
    await row.getByText(/^(Ejected|Half-open)$/).waitFor()
    expect(await row.textContent()).toContain(': it refuses the gateway')
    expect(await page.locator('.backends tbody tr').first().textContent()).toContain('gpu-1')
    expect(await page.locator('.tile').first().textContent()).toContain('1 of 2')
    expect(await page.getByRole('status').first().textContent()).toContain('gpu-1 out of service.')
    expect(await page.locator('.changes li').first().textContent()).toMatch(/gpu-1 .*(Ejected|Half-open)/)
    expect(await page.title()).toBe('(1) Dashboard of vae-gateway')
    one.behaviour = serve
    await order('gpu-1', 'enable')
    await order('gpu-1', 'probe')
    await row.getByText(/^(Usable|Slow start)$/).waitFor()
    await page.getByText('gpu-1 in service again.').waitFor({ state: 'attached' })
    expect(complaints).toEqual([])
    await page.close()
  })

  test('requests show in the outcomes, the charts and at their key', async () => {
    const { page, complaints } = await open()
    await page.getByText('No request yet, since this page began to watch.').waitFor()
    expect(await send()).toBe(200)
    // Workers tell what they have counted with a request that comes five seconds later.
    const served = page.getByRole('row', { name: /^Served/ })
    await expect.poll(async () => ((await send()) === 200 ? served.count() : 0), PATIENCE).toBe(1)
    await page.getByText(keyIdOf(gateway.key)).waitFor()
    expect(await page.locator('.plot canvas').count()).toBe(4)
    await page.getByRole('img', { name: /^Requests per second: served 0?\.?\d+/ }).waitFor()
    await page.getByRole('img', { name: /^Decode, actual and expected: actual \d+/ }).waitFor()
    expect(complaints).toEqual([])
    await page.close()
  })

  test('a gateway that cannot be reached is said to be, with what was known, and again when it answers', async () => {
    const { page } = await open()
    await rowOf(page, 'gpu-1').waitFor()
    await page.context().setOffline(true)
    await page.getByRole('heading', { name: 'The gateway cannot be reached' }).waitFor()
    expect(await rowOf(page, 'gpu-1').isVisible()).toBe(true)
    await page.context().setOffline(false)
    await press(page, 'Ask now')
    await page.getByText('The gateway answers again.').waitFor({ state: 'attached' })
    expect(await page.locator('.notice.lost').count()).toBe(0)
    await page.close()
  })

  test('a deployment that is misconfigured says so, with its code and request', async () => {
    const { page } = await open()
    await rowOf(page, 'gpu-1').waitFor()
    const problem = {
      status: 500,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        code: 'misconfigured',
        title: 'Misconfigured',
        detail: 'Refused.',
        requestId: 'r-1',
      }),
    }
    await page.route('**/v1/admin/*', (route) => route.fulfill(problem))
    await page.getByRole('heading', { name: 'Misconfigured' }).waitFor()
    expect(await page.locator('.notice.lost').textContent()).toMatch(/misconfigured.*request r-1/)
    await page.close()
  })

  test('nobody is asked while nobody looks', async () => {
    const { page } = await visit(browser, `${gateway.url}/dashboard`)
    await page.clock.install()
    await signIn(page, ADMIN_TOKEN)
    await rowOf(page, 'gpu-1').waitFor()
    let asked = 0
    page.on('request', () => {
      asked += 1
    })
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
      document.dispatchEvent(new Event('visibilitychange'))`)
    await page.getByText('Paused').waitFor()
    const before = asked
    await page.clock.fastForward(300_000)
    expect(asked).toBe(before)
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => false })
      document.dispatchEvent(new Event('visibilitychange'))`)
    await page.getByText('Live').waitFor()
    expect(asked).toBeGreaterThan(before)
    await page.close()
  })
})

test('charts become as narrow as their places when the window does', async () => {
  const { page } = await open()
  const widest = (): Promise<number> =>
    page.evaluate(`Math.max(...[...document.querySelectorAll('.chart')].map((chart) =>
      chart.querySelector('.u-wrap').getBoundingClientRect().right - chart.getBoundingClientRect().right))`)
  await page.locator('.u-wrap').first().waitFor()
  for (const width of [700, 1280, 390]) {
    await page.setViewportSize({ width, height: 900 })
    await expect.poll(widest).toBeLessThan(0)
  }
  await page.close()
})

describe('an order', () => {
  test('to drain and to enable changes the pool, once it is confirmed', async () => {
    const { page, complaints } = await open()
    await press(page, 'Orders for gpu-1')
    const dialog = page.getByRole('dialog', { name: 'Orders for gpu-1' })
    await dialog.getByRole('button', { name: 'Drain' }).click()
    expect(await stateOf('gpu-1')).not.toBe('drained')
    await dialog.getByRole('button', { name: 'Drain gpu-1' }).click()
    await dialog.getByText('gpu-1 is drained now.').waitFor()
    expect(await stateOf('gpu-1')).toBe('drained')
    await dialog.getByRole('button', { name: 'Close' }).click()
    await rowOf(page, 'gpu-1').getByText('Drained', { exact: true }).waitFor()
    await press(page, 'Orders for gpu-1')
    expect(await dialog.getByRole('button', { name: 'Drain' }).isDisabled()).toBe(true)
    await dialog.getByRole('button', { name: 'Enable' }).click()
    await dialog.getByRole('button', { name: 'Enable gpu-1' }).click()
    await dialog.getByText('gpu-1 is half-open now.').waitFor()
    expect(await stateOf('gpu-1')).not.toBe('drained')
    expect(complaints).toEqual([])
    await page.close()
  })

  test('to probe says what was found', async () => {
    const { page } = await open()
    two.health = reset
    two.behaviour = reset
    await press(page, 'Orders for gpu-2')
    await press(page, 'Probe')
    await press(page, 'Probe gpu-2')
    await page.getByText('It failed. gpu-2 is').waitFor()
    await page.close()
  })

  test('that leaves a model to nobody warns of it, and goes out by the keyboard alone', async () => {
    const { page, complaints } = await open()
    await rowOf(page, 'gpu-2').getByRole('button').focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Disable' }).focus()
    await page.keyboard.press('Enter')
    await dialog.getByText('Nobody else serves sdxl now: requests for it will fail.').waitFor()
    await page.keyboard.press('Enter')
    await dialog.getByText('gpu-2 is disabled now.').waitFor()
    expect(await stateOf('gpu-2')).toBe('disabled')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Orders for gpu-2')
    expect(complaints).toEqual([])
    await page.close()
  })

  test('that the gateway cannot carry out says why', async () => {
    const { page } = await open()
    await press(page, 'Orders for gpu-1')
    await page.route('**/v1/admin/backends/**', (route) =>
      route.fulfill({
        status: 503,
        json: { code: 'pool-unavailable', title: 'Pool unavailable', detail: 'Its object is silent.' },
      }),
    )
    await press(page, 'Drain')
    await press(page, 'Drain gpu-1')
    await page.getByText('Pool unavailable: Its object is silent.').waitFor()
    await page.close()
  })
})

describe('fifty backends', () => {
  const openMany = async (pools = manyBackends(50)): Promise<Visit> => {
    const { page, complaints } = await visit(browser, `${gateway.url}/dashboard`)
    await pretend(page, pools)
    await signIn(page, ADMIN_TOKEN)
    await page.locator('.backends').waitFor()
    return { page, complaints }
  }

  test('stand the worst first, below a head that stays in sight', async () => {
    const { page, complaints } = await openMany()
    const rows = page.locator('.backends tbody tr')
    expect(await rows.count()).toBe(12)
    expect(await page.locator('.backends .state').allTextContents()).toEqual(
      expect.arrayContaining(['Down', 'Ejected', 'Cold', 'Drained', 'Slow start', 'Usable']),
    )
    expect(await rows.first().textContent()).toContain('Down')
    await press(page, 'Show all 50')
    expect(await rows.count()).toBe(50)
    await rows.last().scrollIntoViewIfNeeded()
    const head = await page.locator('.backends thead th').first().boundingBox()
    expect(head?.y).toBe(0)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('are filtered by words and by trouble', async () => {
    const { page } = await openMany()
    const rows = page.locator('.backends tbody tr')
    await page.getByRole('searchbox').fill('eu cold')
    expect(await rows.count()).toBe(1)
    await page.getByRole('searchbox').fill('nowhere')
    await page.getByText('No backend is like that.').waitFor()
    await page.getByRole('searchbox').fill('')
    await page.getByLabel('Only trouble').check()
    // One of them fails often, which shows when its attempts are counted.
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(7)
    await page.close()
  })

  test('of a pool that is silent say that of it', async () => {
    const pools = manyBackends(50).map((pool, index) =>
      index === 0
        ? {
            ...pool,
            isReachable: false,
            backends: pool.backends.map((backend) => ({ ...backend, state: 'unknown' as const })),
          }
        : pool,
    )
    const { page } = await openMany(pools)
    await page.getByText('Its object does not answer.').waitFor()
    expect(await page.locator('.tile').first().textContent()).toContain('1 pool is silent')
    await page.close()
  })
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
      await page.goto(`${gateway.url}/dashboard`, { waitUntil: 'networkidle' })
      await page.addScriptTag({ content: axe.source })
      const violations = () =>
        page.evaluate(
          "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join()))",
        )
      expect(await violations()).toEqual([])
      await signIn(page, 'not-the-token')
      await page.getByRole('alert').waitFor()
      expect(await violations()).toEqual([])
      await pretend(page, manyBackends(50))
      await signIn(page, ADMIN_TOKEN)
      await page.getByRole('row', { name: /^Served/ }).waitFor()
      expect(await violations()).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      await page.locator('.order button').first().click()
      expect(await violations()).toEqual([])
      await press(page, 'Drain')
      expect(await violations()).toEqual([])
      await press(page, 'Close')
      await context.setOffline(true)
      await page.unrouteAll({ behavior: 'ignoreErrors' })
      await page.locator('.notice.lost').waitFor()
      expect(await violations()).toEqual([])
      await context.close()
    },
  )
})

test('the script is under 100 KB before it is compressed, and what draws the charts comes after it', () => {
  const script = readFileSync(join(assetsDir, 'assets/dashboard.js'))
  const plots = readFileSync(join(assetsDir, 'assets/uplot.js'))
  expect(script.length).toBeLessThan(60 * 1024)
  expect(script.includes('uplot.js')).toBe(true)
  expect(gzipSync(script).length + gzipSync(plots).length).toBeLessThan(48 * 1024)
})

test('without an admin token there is no dashboard', async () => {
  const closed = await startTestGateway({ BACKENDS: [{ id: 'preview', kind: 'preview', models: ['*'] }] })
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(closed.url + path, { headers: { 'x-request-id': 'same' } })
    return [response.status, response.headers.get('content-type'), await response.text()]
  }
  expect(await ask('/dashboard')).toEqual(await ask('/unheard/of'))
  expect(await ask('/dashboard/')).toEqual(await ask('/unheard/of'))
  await closed.stop()
})

/** Only when asked: pictures differ with every font of the machine. */
describe.runIf(process.env.SCREENSHOTS)('a picture for the documentation', () => {
  test.each([
    ['dashboard', 1280, 1000],
    ['dashboard-phone', 390, 844],
  ])('%s.jpg', async (name, width, height) => {
    const context = await browser.newContext({ viewport: { width, height } })
    const page = await context.newPage()
    await pretend(page, manyBackends(50))
    await page.goto(`${gateway.url}/dashboard#token=${ADMIN_TOKEN}`)
    // So that the charts have something to show.
    for (let answers = 0; answers < 20; answers++) {
      await page.waitForResponse('**/v1/admin/metrics')
    }
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.jpg`, type: 'jpeg', quality: 82 })
    await context.close()
  })
})
