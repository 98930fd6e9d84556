/** Which URLs a backend may have: public https, or plain http on this very machine. */
import { err, ok, type Result } from '../lib/result.ts'

/**
 * @returns the URL normalised, or what was expected. Other names that resolve to private addresses are not caught here;
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
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.+$/, '')
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
  /^192\.0\.[02]\./, // protocol assignments, documentation
  /^192\.88\.99\./, // relays of 6to4
  /^192\.168\./,
  /^198\.1[89]\./, // benchmarking
  /^198\.51\.100\./,
  /^203\.0\.113\./, // documentation
  /^(22[4-9]|2[3-5][0-9])\./, // multicast, reserved
]

/** Unspecified and IPv4 in disguise, NAT64, Teredo, documentation, 6to4, discard, unique, link and site local, multicast. */
const PRIVATE_V6 = [
  /^::/,
  /^64:ff9b:/,
  /^2001:(0:|:|db8:)/,
  /^2002:/,
  /^3fff:/,
  /^100:/,
  /^f[cd]/,
  /^fe[89a-f]/,
  /^ff/,
]

/** Names of networks of one's own, and domains in which a name is whatever address it spells. */
const PRIVATE_NAMES = [
  /\.(local|internal|lan|home|corp|intranet|private|localdomain|arpa|onion)$/,
  /(^|\.)(nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|traefik\.me)$/,
]

function isPrivate(host: string): boolean {
  if (/^[0-9.]+$/.test(host)) return PRIVATE_V4.some((range) => range.test(host))
  if (host.includes(':')) return PRIVATE_V6.some((range) => range.test(host))
  return !host.includes('.') || PRIVATE_NAMES.some((names) => names.test(host))
}
