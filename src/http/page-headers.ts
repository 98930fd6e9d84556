/** What a browser may do with a page of this gateway: nothing that the gateway does not serve itself. */

const POLICY: Readonly<Record<string, string>> = {
  'default-src': "'self'",
  // Pictures and videos that a page has decoded.
  'img-src': "'self' blob: data:",
  'media-src': "'self' blob:",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

const FEATURES = ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'browsing-topics']

/** Of a page and of each of its files. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': Object.entries(POLICY)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; '),
  'permissions-policy': FEATURES.map((feature) => `${feature}=()`).join(', '),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}
