/** Which URLs a backend may have: public https, or plain http on this very machine. */
import { err, ok, type Result } from '../lib/result.ts'

/**
 * @returns the URL normalised, or what was expected. Names that resolve to private addresses are not caught here;
 * on the platform a Worker cannot reach such addresses at all.
 */
export function checkBackendUrl(text: string): Result<string, string> {
  const url = URL.parse(text)
  if (!url) return err('an absolute URL such as https://decoder.example.com/')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return err('an https URL')
  if (url.username || url.password) {
    return err('a URL without user and password; name a secret in tokenSecret instead')
  }
  if (url.search || url.hash) return err('a URL without query and fragment')
  // The URL parser has already turned 2130706433, 0x7f.1 and the like into dotted form.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  if (isLoopback(host)) return ok(url.href)
  if (url.protocol === 'http:') return err('https; plain http is for loopback addresses only')
  if (isPrivate(host)) return err('a public host, not a private or link-local address')
  return ok(url.href)
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || /^127(\.[0-9]+){3}$/.test(host) || host === '::1'

const PRIVATE_V4 = [
  /^0\./,
  /^10\./,
  /^100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\./, // carrier-grade NAT
  /^169\.254\./, // link-local, cloud metadata
  /^172\.(1[6-9]|2[0-9]|3[01])\./,
  /^192\.0\.0\./,
  /^192\.168\./,
  /^198\.1[89]\./, // benchmarking
  /^(22[4-9]|2[3-5][0-9])\./, // multicast, reserved
]

/** Unspecified and IPv4 in disguise, NAT64, unique local, link-local, multicast. */
const PRIVATE_V6 = [/^::/, /^64:ff9b:/i, /^f[cd]/i, /^fe[89ab]/i, /^ff/i]

function isPrivate(host: string): boolean {
  if (/^[0-9.]+$/.test(host)) return PRIVATE_V4.some((range) => range.test(host))
  if (host.includes(':')) return PRIVATE_V6.some((range) => range.test(host))
  return /\.(local|internal|lan|home|corp|intranet)$/.test(host) || !host.includes('.')
}
