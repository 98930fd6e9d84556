/** An operator: requests to the admin API of a gateway. */
import { problemOf } from './client.ts'
import type { TestGateway } from './gateway.ts'

export const ADMIN_TOKEN = 'correct-horse-battery-staple'

/** The method is POST where something is sent, unless said otherwise. */
export function operate(
  gateway: TestGateway,
  path: string,
  body?: unknown,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers({ authorization: `Bearer ${ADMIN_TOKEN}` })
  if (body !== undefined) headers.set('content-type', 'application/json')
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return fetch(`${gateway.url}/v1/admin${path}`, { ...sent, ...init, headers })
}

/** The answer to an order that goes well. */
export async function ordered<T>(answer: Promise<Response>): Promise<T> {
  const response = await answer
  if (response.ok) return (await response.json()) as T
  throw new Error(JSON.stringify(await problemOf(response)))
}

/** What a scrape gets, as text. */
export async function metricsText(gateway: TestGateway): Promise<string> {
  const response = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  })
  if (response.status === 200) return response.text()
  throw new Error(JSON.stringify(await problemOf(response)))
}
