/** Pages as a browser is served them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ BACKENDS: [{ id: 'preview', kind: 'preview', models: ['*'] }] })
})
afterAll(() => gateway.stop())

const PAGES = ['/', '/docs', '/docs/', '/problems/no-capacity', '/warnings/latent-scaled-twice']

/** As browsers ask for a page. */
const visit = (path: string): Promise<Response> =>
  fetch(gateway.url + path, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })

test.each(PAGES)('%s may run the scripts of this gateway only, and stands in no other page', async (path) => {
  const { status, headers } = await visit(path)
  expect(status).toBe(200)
  expect(headers.get('content-type')?.toLowerCase()).toBe('text/html; charset=utf-8')
  const policy = headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'self';")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('script-src')
  expect(policy).not.toContain('unsafe')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(headers.get('permissions-policy')).toContain('camera=()')
})

test.each(PAGES)('%s holds no script and no style of its own, and names no other host', async (path) => {
  const text = await (await visit(path)).text()
  expect(text).not.toMatch(/<style|style="|<script(?![^>]*src="\/assets\/)|\bon\w+="|https?:\/\//)
})

test.each(['/problems/no-capacity', '/warnings/latent-scaled-twice'])(
  '%s is JSON for programs, which say no more than that they take anything',
  async (path) => {
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.1']) {
      const response = await fetch(gateway.url + path, { headers: { accept } })
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toMatchObject({ code: path.split('/')[2], meaning: expect.any(String) })
    }
    expect(await (await visit(path)).text()).toContain(`<code>${path.split('/')[2]}</code>`)
  },
)

test('a file that a browser has is not sent again until it changes', async () => {
  const first = await fetch(`${gateway.url}/assets/playground.js`)
  expect(first.headers.get('cache-control')).toBe('public, max-age=0, must-revalidate')
  const etag = first.headers.get('etag') ?? ''
  const second = await fetch(`${gateway.url}/assets/playground.js`, { headers: { 'if-none-match': etag } })
  expect(second.status).toBe(304)
  const other = await fetch(`${gateway.url}/assets/playground.js`, {
    headers: { 'if-none-match': '"other"' },
  })
  expect(other.status).toBe(200)
})

test.each(['/openapi/admin.json', '/assets/../openapi/admin.json', '/assets/..%2fopenapi%2fadmin.json'])(
  'T13: the document of the admin API is not to be had as %s',
  async (path) => {
    const { status } = await fetch(gateway.url + path)
    expect([404, 405]).toContain(status)
  },
)

test.each(['/assets/playground.js/', '/assets/', '/assets/unheard-of', '/assets/..%2findex.html'])(
  'no browser is sent elsewhere from %s',
  async (path) => {
    const { status } = await fetch(gateway.url + path, { redirect: 'manual' })
    expect(status).toBe(path === '/assets/playground.js/' ? 200 : 404)
  },
)
