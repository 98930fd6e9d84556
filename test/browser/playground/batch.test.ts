/** Many files at a time. */
import { readFileSync } from 'node:fs'
import type { Page, Route } from 'playwright-core'
import { expect, test } from 'vitest'
import { answerOn, PREVIEW, playground } from '../support/playground.ts'
import { choose, file, npyFile, press, sample } from '../support/table.ts'

const CHELSEA = new Uint8Array(readFileSync('samples/sdxl.chelsea.1x4x40x56.f16.bin'))

const on = playground(() => [PREVIEW])

/** So many files, each with a latent of its own. */
const many = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    file(`${index}.npy`, npyFile([1, 4, 16, 16], CHELSEA.subarray(index * 64, index * 64 + 2_048))),
  )

interface Gate {
  /** How many decodes have come to it, let go or not. */
  readonly count: number
  /** Lets one go. */
  pass(index: number): Promise<void>
  /** Lets go of all, and of whatever comes later. */
  open(): Promise<void>
}

/** Holds back every decode until it is let go. */
async function hold(page: Page): Promise<Gate> {
  const held: Route[] = []
  const gone = new Set<Route>()
  let isOpen = false
  const go = async (route: Route | undefined): Promise<void> => {
    if (!route || gone.has(route)) return
    gone.add(route)
    // One that was called off meanwhile goes nowhere.
    await route.continue().catch(() => undefined)
  }
  await page.route('**/v1/decode/**', (route) => {
    held.push(route)
    return isOpen ? go(route) : undefined
  })
  return {
    get count() {
      return held.length
    },
    pass: (index) => go(held[index]),
    async open() {
      isOpen = true
      await Promise.all(held.map(go))
    },
  }
}

test('fifty files are answered, four at a time, each in its place, and the bar says how many', async () => {
  await on.use(async (page) => {
    const gate = await hold(page)
    await choose(page, ...many(50))
    await page.locator('.strip li').nth(49).waitFor()
    await press(page, 'All 50')
    await expect.poll(() => gate.count).toBe(4)
    expect(await page.locator('.thumb.waiting').count()).toBe(46)
    const bar = page.locator('.strip progress')
    expect(await bar.getAttribute('value')).toBe('0')
    // The last of those that are under way comes first, and goes where it belongs.
    await gate.pass(3)
    await page.getByRole('button', { name: '3.npy, answered' }).waitFor()
    expect(await bar.getAttribute('value')).toBe('1')
    await expect.poll(() => gate.count).toBe(5)
    expect(await page.getByRole('button', { name: '0.npy, running' }).count()).toBe(1)
    await gate.open()
    await page.getByText('50 of 50 answered').waitFor()
    expect(await bar.getAttribute('value')).toBe('50')
    const names = await page.evaluate<string[]>(
      "[...document.querySelectorAll('.thumb')].map(({ title }) => title)",
    )
    expect(names).toEqual(Array.from({ length: 50 }, (_, index) => `${index}.npy`))
    const pictures = await page.evaluate<string[]>(
      "[...document.querySelectorAll('.thumb.answered img')].map(({ src }) => src)",
    )
    expect(new Set(pictures).size).toBe(50)
    await press(page, 'Remove 3.npy')
    await page.getByText('49 of 49 answered').waitFor()
    await press(page, 'Clear')
    await page.getByRole('heading', { name: 'Nothing here yet' }).waitFor()
  })
})

test('a batch that is stopped calls off what is under way, keeps what it has, and goes on when asked', async () => {
  await on.use(async (page) => {
    const gate = await hold(page)
    await choose(page, ...many(10))
    await page.locator('.strip li').nth(9).waitFor()
    await press(page, 'All 10')
    await expect.poll(() => gate.count).toBe(4)
    await gate.pass(0)
    await page.getByText('1 of 10 answered').waitFor()
    const calledOff = page.waitForEvent('requestfailed')
    await press(page, 'Stop')
    expect((await calledOff).failure()?.errorText).toBe('net::ERR_ABORTED')
    expect(await page.locator('.thumb.ready').count()).toBe(9)
    await gate.open()
    await press(page, 'All 9')
    await page.getByText('10 of 10 answered').waitFor()
  })
})

test('what is taken away while it is under way is called off, and nothing else', async () => {
  await on.use(async (page) => {
    const gate = await hold(page)
    await choose(page, ...many(2))
    await page.locator('.strip li').nth(1).waitFor()
    await press(page, 'All 2')
    await expect.poll(() => gate.count).toBe(2)
    const calledOff = page.waitForEvent('requestfailed')
    await press(page, 'Remove 0.npy')
    expect((await calledOff).failure()?.errorText).toBe('net::ERR_ABORTED')
    await gate.pass(1)
    await answerOn(page).locator('img').waitFor()
  })
})

test('of a batch with one that fails the others are answered, and it is told which', async () => {
  const refused = { status: 422, contentType: 'application/problem+json', json: PROBLEM }
  await on.use(async (page) => {
    let asked = 0
    await page.route('**/v1/decode/**', (route) =>
      asked++ === 2 ? route.fulfill(refused) : route.continue(),
    )
    await sample(page, 'Astronaut')
    await choose(page, ...many(5))
    await page.locator('.strip li').nth(5).waitFor()
    await press(page, 'All 6')
    await page.getByText('6 of 6 answered, 1 with a problem').waitFor()
    await page.locator('.thumb.failed').click()
    await page.locator('.problem').getByRole('heading', { name: 'Unsupported shape' }).waitFor()
  }, /Failed to load resource/)
})

const PROBLEM = {
  type: '/problems/unsupported-shape',
  title: 'Unsupported shape',
  status: 422,
  code: 'unsupported-shape',
  detail: 'Expected another.',
  requestId: 'r-1',
}
