/** XMLHttpRequest, which alone tells a page how far an upload is. */
import type { Progress } from '../options.ts'
import type { Outgoing } from './request.ts'

/** As much of it as is used here, for platforms whose types have none. */
interface Xhr {
  readonly upload: XhrEvents & { onload: (() => void) | null }
  readonly status: number
  readonly response: ArrayBuffer
  responseType: string
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  getAllResponseHeaders(): string
  send(body: unknown): void
  abort(): void
  onload: (() => void) | null
  onerror: (() => void) | null
  onprogress: XhrEvents['onprogress']
}
interface XhrEvents {
  onprogress: ((event: { loaded: number; total: number; lengthComputable: boolean }) => void) | null
}

const xhrOf = (): (new () => Xhr) | undefined =>
  (globalThis as { XMLHttpRequest?: new () => Xhr }).XMLHttpRequest

export const hasXhr = (): boolean => xhrOf() !== undefined

/**
 * @returns the answer once all of it is there
 * @throws TypeError where there is none, as `fetch` does, or the signal's reason
 */
export function exchangeByXhr(
  { method, url, headers, body }: Outgoing,
  signal: AbortSignal,
  report: (progress: Progress) => void,
): Promise<Response> {
  const Xhr = xhrOf()
  if (!Xhr) throw new TypeError('XMLHttpRequest is not available here.')
  const xhr = new Xhr()
  const tell =
    (phase: Progress['phase']): XhrEvents['onprogress'] =>
    ({ loaded, total, lengthComputable }) =>
      report({ phase, bytes: loaded, totalBytes: lengthComputable ? total : undefined })
  return new Promise<Response>((resolve, reject) => {
    const abort = (): void => {
      xhr.abort()
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    const settle = (end: () => void) => (): void => {
      signal.removeEventListener('abort', abort)
      end()
    }
    xhr.upload.onprogress = tell('sending')
    xhr.upload.onload = () => report({ phase: 'waiting', bytes: 0, totalBytes: undefined })
    xhr.onprogress = tell('receiving')
    xhr.onerror = settle(() => reject(new TypeError('The request failed.')))
    xhr.onload = settle(() => resolve(responseOf(xhr)))
    xhr.open(method, url)
    xhr.responseType = 'arraybuffer'
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    xhr.send(body)
  })
}

function responseOf(xhr: Xhr): Response {
  const headers = new Headers()
  for (const line of xhr.getAllResponseHeaders().trim().split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  const hasNoBody = [204, 205, 304].includes(xhr.status)
  return new Response(hasNoBody ? null : xhr.response, { status: xhr.status, headers })
}
