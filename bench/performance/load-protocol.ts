/** What the benchmark tells the process that makes load, and what it hears of it. */

export interface LoadOrder {
  /** Id of a cell. */
  readonly cell: string
  readonly host: string
  readonly port: number
  readonly key: string
  /** Requests at a time. */
  readonly clients: number
  /** No request begins later; those that are under way are waited for. */
  readonly forMs: number
}

export interface LoadResult {
  /** From the first byte of a request to the last of its answer, of those that were served. */
  readonly latenciesMs: number[]
  /** Told that there is no room, with a problem document and when to come again. */
  refused: number
  /** Answered in any other way, or not to the end. */
  broken: number
  readonly seconds: number
  /** Of the process that makes the load. */
  readonly cpuMs: number
}
