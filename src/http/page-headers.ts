/** What a browser may do with a page of this gateway: nothing that the gateway does not serve itself. */

type Directives = Readonly<Record<string, string>>

const PAGES: Directives = {
  'default-src': "'self'",
  // Pictures and videos that a page has decoded.
  'img-src': "'self' blob: data:",
  'media-src': "'self' blob:",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

/** Pages that need more, and no more of them. */
const EXCEPTIONS: Readonly<Record<string, Directives>> = {}

const policyOf = (directives: Directives): string =>
  Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ')

const FEATURES = ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'browsing-topics']

/** Headers of a page or of one of its files. @param path of the request, without a slash at its end */
export const pageHeaders = (path: string): Readonly<Record<string, string>> => ({
  'content-security-policy': policyOf({ ...PAGES, ...EXCEPTIONS[path] }),
  'permissions-policy': FEATURES.map((feature) => `${feature}=()`).join(', '),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
})
