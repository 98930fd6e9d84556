/** Where the time of a request went. */

export interface Span {
  /** Of Server-Timing: auth, limit, upload, queue, backend. `elsewhere`: the network, this page, and tries before. */
  readonly name: string
  readonly ms: number
}

/**
 * What the gateway says of itself, and what is left of the time; less than a thousandth of it is left out.
 *
 * @param timings milliseconds by name
 * @param ms all that passed here
 */
export function splitTime(timings: Readonly<Record<string, number>>, ms: number): Span[] {
  const { total, ...parts } = timings
  const spans = Object.entries(parts).map(([name, each]) => ({ name, ms: each }))
  const inside = total ?? spans.reduce((sum, span) => sum + span.ms, 0)
  const all = total === undefined ? spans : [...spans, { name: 'elsewhere', ms: ms - inside }]
  return all.filter((span) => span.ms >= ms / 1_000 && span.ms > 0)
}
