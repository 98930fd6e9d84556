/** What the Worker and a key's object say to each other. Both sides may be one release apart. */

/** The release of these messages; each side understands its own and the one before. */
export const PROTOCOL_VERSION = 1

/** What a key may do; null where there is no bound. Of its plan, or of the key alone where its record says so. */
export interface Limits {
  readonly requestsPerMinute: number | null
  /** Output width x height x frames / 1e6. */
  readonly megapixelsPerMinute: number | null
  /** Requests at a time. */
  readonly concurrency: number | null
  /** Per calendar month, UTC. */
  readonly megapixelsPerMonth: number | null
}

/** Names of policies, as they stand in `RateLimit-Policy` and in problems. */
export type PolicyName = 'requests' | 'megapixels' | 'concurrency' | 'month'

/** One request asks for everything at once. */
export interface AdmitRequest {
  readonly v: number
  /** Of the key's plan; overrides in the key's record win. */
  readonly limits: Limits
  readonly model: string
  readonly megapixels: number
  /** Milliseconds since 1970 as the caller sees it; the release before does not say. */
  readonly wall?: number
}

/** Where a key stands with one policy. */
export interface Quota {
  readonly policy: PolicyName
  /** What the policy allows per window. */
  readonly limit: number
  /** Of the window, in seconds; of `concurrency` there is none. */
  readonly windowS: number | null
  /** What is left now. */
  readonly remaining: number
  /** Until there is more again, in milliseconds. */
  readonly resetMs: number
}

/** The right to one request: a place in the key's concurrency, held until it is disposed of. */
export interface AdmissionHandle {
  /** We failed: what was charged is given back. May be said once; disposing without it keeps the charge. */
  refund(): void
  /** Whether the key is still good; asked for a request that had to wait. No call that is billed. */
  isGood(): boolean
}

export type Refusal =
  /** Revoked, or past the end of a grace: to its holder the same as a key that never was. */
  | {
      readonly ok: false
      readonly v: number
      readonly why: 'revoked'
      /** Whatever the clock says, so that it can be remembered; the release before does not say. */
      readonly isFinal?: boolean
    }
  /** The record of the key leaves the model out. */
  | { readonly ok: false; readonly v: number; readonly why: 'model' }
  | {
      readonly ok: false
      readonly v: number
      readonly why: 'limit'
      readonly policies: readonly PolicyName[]
      readonly quotas: readonly Quota[]
      /** Infinite when it asks for more than a policy ever allows. */
      readonly retryAfterMs: number
    }

export type Admission<Handle = AdmissionHandle> =
  | { readonly ok: true; readonly v: number; readonly quotas: readonly Quota[]; readonly handle: Handle }
  | Refusal

/** What the operator has said of one key. The key itself is stored nowhere. */
export interface KeyRecord {
  /** 16 hexadecimal digits. */
  readonly id: string
  /** The operator's own name for it. */
  readonly name: string
  readonly plan: string
  /** Narrower than the plan's; null: as the plan says. */
  readonly models: readonly string[] | null
  /** Bounds of this key alone, in the place of its plan's; null: no bound. What is left out is as in the plan. */
  readonly overrides: Partial<Limits>
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Last day of the key, as days since 1970 UTC; 0: none. */
  readonly expiryDay: number
  /** From then on it is refused; in the future while the grace of a rotation lasts. Null: not revoked. */
  readonly revokedAt: number | null
  /** The key that it was replaced by. */
  readonly rotatedTo: string | null
  /** Refused for good, whatever the clock says. Not said by the release before. */
  readonly isRevoked?: boolean
}

export interface DayUsage {
  /** `2026-11-23`, UTC. */
  readonly day: string
  readonly model: string
  readonly requests: number
  readonly megapixels: number
}

export interface KeyStatus {
  /** Null for a key that was minted elsewhere: it has its plan's limits. */
  readonly record: KeyRecord | null
  readonly quotas: readonly Quota[]
  readonly inFlight: number
  /** Whether the key was ever used here; the release before does not say. */
  readonly isUsed?: boolean
}

/** The object as its callers see it: one per key id, and one per anonymous client's address. */
export interface KeyService<Handle = AdmissionHandle> {
  admit(request: AdmitRequest): Promise<Admission<Handle>>
  /** Keeps what the operator says; takes effect with the next request. */
  configure(record: KeyRecord): Promise<void>
  /**
   * Ends the key for another, unless it was replaced since the caller looked.
   *
   * @param seen `rotatedTo` of the record that the caller saw
   * @returns whether the record is kept
   */
  replace(record: KeyRecord, seen: string | null): Promise<boolean>
  /**
   * @param limits of the key's plan, for the quotas
   * @param wall milliseconds since 1970 as the caller sees it
   */
  status(limits: Limits, wall?: number): Promise<KeyStatus>
  /** The latest first, of at most so many days. */
  usage(days: number): Promise<readonly DayUsage[]>
}
