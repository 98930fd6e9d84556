/** What a code means, for programs as JSON and for people as a page: whoever follows the link of an error has a browser. */
import { accepts } from 'hono/accepts'
import { html } from 'hono/html'
import type { AppContext } from './context.ts'
import { PAGE_HEADERS } from './page-headers.ts'

export interface Explanation {
  readonly code: string
  readonly title: string
  readonly status?: number
  readonly meaning: string
  /** What to do about it. */
  readonly remedy?: string
}

export function explain(c: AppContext, explanation: Explanation): Response | Promise<Response> {
  c.header('vary', 'accept', { append: true })
  const supports = ['application/json', 'text/html']
  const wanted = accepts(c, { header: 'Accept', supports, default: 'application/json' })
  if (wanted !== 'text/html') return c.json(explanation)
  for (const [name, value] of Object.entries(PAGE_HEADERS)) c.header(name, value)
  return c.html(page(explanation))
}

const page = ({ code, title, status, meaning, remedy }: Explanation) =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · vae-gateway</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/page.css" />
      </head>
      <body>
        <main>
          <p><a href="/">vae-gateway</a></p>
          <h1>${title}</h1>
          <p><code>${code}</code>${status === undefined ? '' : `, status ${status}`}</p>
          <p>${meaning}</p>
          ${remedy === undefined ? '' : html`<p>${remedy}</p>`}
        </main>
      </body>
    </html>`
