/** The least that a proxy on this platform can be: a bare Worker, on the same workerd with the same settings. */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { type BackendAddress, type Contender, withChildren } from './contender.ts'
import { addressOf } from './gateway.ts'

const TARGET = "env.BACKEND + request.url.slice(request.url.indexOf('/', 8))"

const SCRIPTS = {
  'pass-through': `export default {
    fetch: (request, env) => fetch(new Request(${TARGET}, request)),
  }`,
  /** A gateway that shall try again has to have the body. */
  'buffering pass-through': `export default {
    async fetch(request, env) {
      const { method, headers } = request
      return fetch(${TARGET}, { method, headers, body: await request.arrayBuffer() })
    },
  }`,
} as const

export async function startPassThrough(
  name: keyof typeof SCRIPTS,
  backend: BackendAddress,
): Promise<Contender> {
  const start = async (): Promise<Miniflare> => {
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        log: new Log(LogLevel.ERROR),
        cf: false,
        modules: true,
        script: SCRIPTS[name],
        compatibilityDate: '2026-10-01',
        compatibilityFlags: ['enable_request_signal'],
        bindings: { BACKEND: `http://${backend.host}:${backend.port}` },
        unsafeDirectSockets: [{ host: backend.host, port: 0 }],
      }),
    )
    await miniflare.ready
    return miniflare
  }
  const [miniflare, pids] = await withChildren(start)
  const url = await miniflare.unsafeGetDirectURL()
  return { name, ...addressOf(url.href), key: 'none', pids, stop: () => miniflare.dispose() }
}
