/** How long a client wants to wait: `x-vae-deadline-ms`. */

/** Sooner than the least nothing can be decoded; longer than the most no client should hang on a connection. */
export const MIN_DEADLINE_MS = 1_000
export const MAX_DEADLINE_MS = 900_000

/** Milliseconds within what is served; undefined when the text is no whole number. */
export function parseDeadline(text: string): number | undefined {
  if (!/^-?[0-9]+$/.test(text)) return undefined
  return Math.min(MAX_DEADLINE_MS, Math.max(MIN_DEADLINE_MS, Number(text)))
}
