import type { Operation } from '../models/operation.ts'

/** One GPU decoder as the operator configured it. */
export interface Backend {
  /** Public alias; appears in `x-vae-backend`, logs and metrics, never the URL. */
  readonly id: string
  readonly kind: BackendKind
  /** Where decode requests go; absent for the embedded preview. */
  readonly url: string | undefined
  /** Bearer token for the backend. */
  readonly token: string | undefined
  /** Ids of the models it serves. */
  readonly models: readonly string[]
  /** What it does with each of them; decodes when left out. */
  readonly operations?: readonly Operation[]
  /** Decodes it accepts at a time. */
  readonly slots: number
  /** The operator left that open, so what its answers say of their batches counts. */
  readonly learnsSlots?: boolean
  /** It may be asleep: out of reach or 503 then means starting, not broken. */
  readonly scaleToZero: boolean
  /** How long a request without a deadline of its own waits for it to wake up; the default when left out. */
  readonly coldStartWaitMs?: number | undefined
  /** Whether it stops working when the connection closes, so that its slot is free at once. */
  readonly abortable: boolean
  /** Name of the shard it belongs to; undefined where there are none. */
  readonly shard: string | undefined
}

export type BackendKind = 'huggingface' | 'vae-backend' | 'preview'
