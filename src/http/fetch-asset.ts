import type { AppContext } from './context.ts'

/**
 * A file of the build, or the news that the client has it already (304); undefined where there is no such file, or no
 * assets at all, as in raw workerd.
 * @param path as the platform names it; a slash at its end would make it send the client elsewhere
 */
export async function fetchAsset(c: AppContext, path: string): Promise<Response | undefined> {
  const { method, headers } = c.req.raw
  const etag = headers.get('if-none-match')
  const request = new Request(new URL(path, c.req.url), {
    method,
    ...(etag !== null && { headers: { 'if-none-match': etag } }),
  })
  const file = await c.env.ASSETS?.fetch(request)
  return file && (file.ok || file.status === 304) ? file : undefined
}
