/** The least that a proxy on this platform can be: a bare Worker, on the same workerd with the same settings. */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { type BackendAddress, type Contender, withChildren } from './contender.ts'
import { addressOf } from './gateway.ts'

const TARGET = "env.BACKEND + request.url.slice(request.url.indexOf('/', 8))"

/** About as long as those of the gateway, as is the line. */
const HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'x'.repeat(220),
  'cache-control': 'no-store',
  'content-type': 'image/jpeg',
  ratelimit: 'x'.repeat(120),
  'ratelimit-policy': 'x'.repeat(190),
  'server-timing': 'x'.repeat(85),
  'x-content-type-options': 'nosniff',
  'x-request-id': '3f966d38-ec19-471c-bafb-aa8a54f62d5b',
  'x-vae-attempts': '1',
  'x-vae-backend': 'gpu-1',
  'x-vae-model': 'sd-v1',
}
const LINE = JSON.stringify({ line: 'x'.repeat(330) })

const withLeases = (
  response: string,
): string => `import { DurableObject, RpcTarget } from 'cloudflare:workers'
class Lease extends RpcTarget {
  free() {}
  [Symbol.dispose]() {}
}
export class Leases extends DurableObject {
  ask() { return { ok: true, handle: new Lease() } }
}
const logged = (bytes) => {
  console.log(${JSON.stringify(LINE)})
  return new Response(bytes, { headers: ${JSON.stringify(HEADERS)} })
}
export default {
  async fetch(request, env, ctx) {
    const { method, headers } = request
    const asked = env.LEASES.getByName('key').ask({ model: 'any' })
    const body = await request.arrayBuffer()
    const place = await asked
    const slot = await env.LEASES.getByName('pool').ask({ model: 'any' })
    const answer = await fetch(${TARGET}, { method, headers, body })
    const isSmall = answer.headers.get('content-length') <= 4194304
    const bytes = isSmall ? await answer.arrayBuffer() : answer.body
    const freed = slot.handle.free({ ms: 1 }).then(() => {
      slot[Symbol.dispose]()
      place[Symbol.dispose]()
    })
    ctx.waitUntil(freed)
    return ${response}
  },
}`

const LEASED = {
  /**
   * What the design asks of the platform and nothing else: a call that gives a right for as long as it is held to an
   * object per key and to one per pool, and a small answer that is here as a whole before it goes out.
   */
  'pass-through with leases': withLeases('new Response(bytes, answer)'),
  /** The same with the headers of an answer and its line in the log, which are always the same here. */
  'bare design': withLeases('logged(bytes)'),
} as const

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
  ...LEASED,
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
        handleStructuredLogs: () => undefined,
        durableObjects: name in LEASED ? { LEASES: { className: 'Leases', useSQLite: true } } : {},
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
