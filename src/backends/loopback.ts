/**
 * A backend at `localhost` may listen on either loopback address, and curl finds it on both. The runtime asks the machine's
 * resolver, which knows of ::1 only where /etc/hosts says so.
 */

const LOCALHOST = /^http:\/\/(?:[\w-]+\.)*localhost(?=[:/])/i

/** Addresses that answered last, by origin as it is configured; of this isolate, and as few as it has backends. */
const answering = new Map<string, 'named' | 'v6'>()

/**
 * Fetches from the other loopback address what cannot be had from the first. Where one has answered, only that is asked, so
 * that a decode which breaks off is not sent twice; when it fails both are tried the next time.
 */
export const onBothLoopbacks =
  (fetcher: typeof fetch, known: Map<string, 'named' | 'v6'> = answering): typeof fetch =>
  async (input, init) => {
    const text = String(input)
    const [named] = LOCALHOST.exec(text) ?? []
    if (named === undefined || input instanceof Request) return fetcher(input, init)
    const origin = /^http:\/\/[^/]*/i.exec(text)?.[0] ?? named
    const urls = { named: text, v6: `http://[::1]${text.slice(named.length)}` }
    const ask = async (which: 'named' | 'v6'): Promise<Response> => {
      const response = await fetcher(urls[which], init)
      known.set(origin, which)
      return response
    }
    const last = known.get(origin)
    try {
      return await ask(last ?? 'named')
    } catch (error) {
      known.delete(origin)
      if (last !== undefined || init?.signal?.aborted) throw error
      return ask('v6').catch(() => {
        throw error
      })
    }
  }
