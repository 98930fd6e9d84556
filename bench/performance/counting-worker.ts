/** The Worker with a count of what the platform bills: calls of objects, alarms, and rows that are written. */
import type { Env } from '../../src/services.ts'
import worker, { Directory, Key as KeyObject, Pool as PoolObject, Preview } from '../../src/worker.ts'

export { Directory, Preview }

const counts = { objectCalls: 0, alarms: 0, rowsWritten: 0 }

export class Pool extends PoolObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env & Record<string, unknown>) {
    watch(ctx.storage)
    super(ctx, env)
  }
}

export class Key extends KeyObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    watch(ctx.storage)
    super(ctx, env)
  }
}

let isWatched = false

/** All objects of the process share their prototypes. */
function watch(storage: DurableObjectStorage): void {
  if (isWatched) return
  isWatched = true
  const database = Object.getPrototypeOf(storage.sql) as SqlStorage
  const { exec } = database
  database.exec = function (this: SqlStorage, ...args: Parameters<typeof exec>) {
    const cursor = exec.apply(this, args)
    counts.rowsWritten += cursor.rowsWritten
    return cursor
  } as typeof exec
  const prototype = Object.getPrototypeOf(storage) as DurableObjectStorage
  const { setAlarm } = prototype
  prototype.setAlarm = function (this: DurableObjectStorage, ...args: Parameters<typeof setAlarm>) {
    counts.alarms++
    // Each alarm that is set is a row as well.
    counts.rowsWritten++
    return setAlarm.apply(this, args)
  }
}

/** Each call of a method of a stub is billed; what is called on its answer is not. */
const counted = <Stub extends object>(stub: Stub): Stub =>
  new Proxy(stub, {
    get:
      (target, name) =>
      (...args: unknown[]): unknown => {
        counts.objectCalls++
        return (target as Record<PropertyKey, (...args: unknown[]) => unknown>)[name]?.(...args)
      },
  })

/** Of a namespace only this is used. A proxy and no object: what is plain data would be taken for settings. */
const counting = <Namespace extends Env['POOL'] | Env['KEY']>(namespace: Namespace): Namespace =>
  new Proxy(namespace, {
    get:
      () =>
      (...args: Parameters<Env['POOL']['getByName']>) =>
        counted(namespace.getByName(...args)),
  })

export default {
  fetch(request, env, ctx) {
    if (request.url.endsWith('/counts')) return Response.json(counts)
    return worker.fetch(request, { ...env, POOL: counting(env.POOL), KEY: counting(env.KEY) }, ctx)
  },
} satisfies ExportedHandler<Env>
