/** What the platform runs: the gateway, the objects of pools, of keys and of their list, and the embedded preview backend. */
import { exports } from 'cloudflare:workers'
import { createApp } from './app.ts'
import { realAmbient } from './lib/ambient.ts'
import { PoolObject } from './pool/durable-object.ts'
import { createPoolParts } from './pool-parts.ts'
import { createServices, directoryOf, type Env } from './services.ts'

export { Directory } from './admin/durable-object.ts'
export { KeyObject as Key } from './limits/durable-object.ts'
export { Preview } from './preview/entrypoint.ts'

const preview = (): Fetcher => (exports as unknown as { Preview: Fetcher }).Preview

/** The pool's object, given the backends of this deployment's configuration. */
export class Pool extends PoolObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env & Record<string, unknown>) {
    super(
      ctx,
      env,
      createPoolParts(env, preview, () => directoryOf(env as unknown as Env)),
    )
  }
}

const app = createApp({
  ambient: realAmbient,
  createServices,
  preview,
})

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
} satisfies ExportedHandler<Env>
