/** One try of a request, by whichever way the platform has that says how far it is. */
import { ConnectionError } from '../errors.ts'
import type { Progress } from '../options.ts'
import type { Outgoing } from './request.ts'
import { sizeOf, streamsUploads, watchUpload } from './upload.ts'
import { exchangeByXhr, hasXhr } from './xhr.ts'

export interface Transport {
  /** The platform's, or another one that stands in for it. */
  readonly fetch: typeof fetch
  /** Whether XMLHttpRequest may be used where it knows more. */
  readonly isPlatforms: boolean
}

/** @throws ConnectionError where no answer came */
export async function exchange(
  outgoing: Outgoing,
  signal: AbortSignal,
  onProgress: ((progress: Progress) => void) | undefined,
  { fetch: fetcher, isPlatforms }: Transport,
): Promise<Response> {
  const { method, url, headers, body } = outgoing
  const report = body && onProgress
  if (report) report({ phase: 'sending', bytes: 0, totalBytes: sizeOf(body) })
  try {
    if (report && isPlatforms && hasXhr()) return await exchangeByXhr(outgoing, signal, report)
    // A redirect would carry the key to somewhere nobody named.
    const init: RequestInit & { duplex?: 'half' } = { method, headers, redirect: 'manual', signal }
    if (!body) return await fetcher(url, init)
    if (!report || !streamsUploads()) return await fetcher(url, { ...init, body })
    // A stream does not say its length by itself.
    init.headers = { ...headers, 'content-length': String(sizeOf(body)) }
    return await fetcher(url, { ...init, body: watchUpload(body, report), duplex: 'half' } as RequestInit)
  } catch (cause) {
    throw new ConnectionError({ message: 'The gateway cannot be reached.', code: 'unreachable', cause })
  }
}
