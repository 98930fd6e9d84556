/** The figures of one run, as plain data: what a worker sends home and `--json` prints. Times in milliseconds. */
export interface Summary {
  readonly requests: number
  readonly served: number
  /** Refused before anything was tried. */
  readonly rejected: number
  /** Ended without an answer after a try, or at the deadline. */
  readonly failed: number
  /** Their clients went away. */
  readonly left: number
  /** Neither served nor left, and not themselves what was wrong. */
  readonly blameless: number
  /** Of the rejected and failed, by reason. */
  readonly why: Readonly<Record<string, number>>
  readonly meanWaitMs: number
  readonly waitMs: Quantiles
  readonly imageWaitP99Ms: number
  readonly latencyMs: Quantiles & { readonly mean: number }
  /** Decode time of the answered over what could have been. */
  readonly goodput: number
  /** Of those who were refused when they came. */
  readonly rejectionP99Ms: number
  /** Let in, waited, and not served in the end. */
  readonly late: number
  /** By cost class. */
  readonly rejectedShares: readonly number[]
  readonly jain: number
  /** Of all keys but the one that floods. */
  readonly light: { readonly refused: number; readonly waitP99Ms: number }
  readonly amplification: number
  readonly faultyFirstShare: number
  /** GPU time that went by idle while somebody waited. */
  readonly idleShare: number
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}
