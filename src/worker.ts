/** What the platform runs: the gateway, the object of a pool, and the embedded preview backend. */
import { exports } from 'cloudflare:workers'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { realAmbient } from './lib/ambient.ts'
import { PoolObject } from './pool/durable-object.ts'
import { createServices, type Env } from './services.ts'

export { Preview } from './preview/entrypoint.ts'

/** The pool's object, given the backends of this deployment's configuration. */
export class Pool extends PoolObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env & Record<string, unknown>) {
    const config = readConfig(env)
    super(ctx, env, config.ok ? config.value.backends : [])
  }
}

const app = createApp({
  ambient: realAmbient,
  createServices,
  preview: () => (exports as unknown as { Preview: Fetcher }).Preview,
})

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
} satisfies ExportedHandler<Env>
