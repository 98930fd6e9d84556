import type { Context } from 'hono'
import type { Ambient } from '../lib/ambient.ts'
import type { Env, Installation, Services } from '../services.ts'

export interface AppEnv {
  Bindings: Env
  Variables: {
    ambient: Ambient
    requestId: string
    /** Milliseconds since the epoch. */
    startedAt: number
    services: Services
  }
}

export type AppContext = Context<AppEnv>
export type { Installation, Services }
