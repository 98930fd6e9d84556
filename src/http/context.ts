import type { Context } from 'hono'
import type { Installation } from '../installation.ts'
import type { Ambient } from '../lib/ambient.ts'
import type { Env, Services } from '../services.ts'
import type { Inflow } from './inflow.ts'

export interface AppEnv {
  Bindings: Env
  Variables: {
    ambient: Ambient
    requestId: string
    /** In own time. */
    startedAt: number
    services: Services
    /** The request's body, of which handlers read what they want. */
    inflow: Inflow
    /** Id of the key or backend that an operator's request is about. */
    subject?: string
  }
}

export type AppContext = Context<AppEnv>
export type { Installation, Services }
