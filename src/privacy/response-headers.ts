import { HEADER } from '../wire/headers.ts'

/** Headers of a backend that a client may see as they are. Everything else we write ourselves or drop. */
const PASSED = [HEADER.quality, 'x-weights', HEADER.computeMs] as const

/** A value that can be neither a second header nor a page: printable, short, no structure of ours. */
const HARMLESS = /^[\w .:@/+=-]{1,128}$/

export function passedHeaders(from: Headers): Record<string, string> {
  return Object.fromEntries(
    PASSED.flatMap((name) => {
      const value = from.get(name)
      return value !== null && HARMLESS.test(value) ? [[name, value]] : []
    }),
  )
}
