/** The gateway's address, as its user gives it. */

/**
 * @returns the URL without a slash at its end
 * @throws TypeError where it is none that a request can be sent to
 */
export function readEndpoint(endpoint: string | URL): string {
  // In a page, and in its workers, an address may be relative.
  const base = (globalThis as { location?: { href?: string } }).location?.href
  let url: URL
  try {
    url = new URL(endpoint, base)
  } catch {
    // What was given may hold a key.
    throw new TypeError('Expected endpoint to be a URL such as https://vae.example.com.')
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new TypeError('Expected endpoint to be an http or https URL.')
  // Fetch refuses such URLs, and says the key in its complaint.
  if (url.username || url.password) throw new TypeError('Expected the key as apiKey, not in endpoint.')
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}
