/** The Worker on a machine whose clock is set by `/clock/MS`, to so much beside the right time. */
import worker from '../../src/worker.ts'

export { Directory, Key, Pool, Preview } from '../../src/worker.ts'

const rightTime = Date.now.bind(Date)
let offMs = 0
Date.now = () => rightTime() + offMs

type Fetch = NonNullable<ExportedHandler['fetch']>

const fetch: Fetch = (request, env, context) => {
  const [, ms] = /^\/clock\/(-?\d+)$/.exec(new URL(request.url).pathname) ?? []
  if (ms === undefined) return (worker.fetch as Fetch)(request, env, context)
  offMs = Number(ms)
  return new Response()
}

export default { fetch }
