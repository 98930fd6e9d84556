/** What happens to a pool, and what it wants done. Plain data, as all of its state. */
import type { Job } from './state.ts'

/**
 * What an attempt showed about its backend. A failure may be the request's fault, so `hard`, `soft`, `misconfigured` and
 * `busy` only accuse the backend: a decode of our own, or another backend that serves the request, settles it.
 */
export type Evidence =
  | {
      readonly kind: 'served'
      readonly model: string
      /** Backends that failed the same request before. */
      readonly instead?: readonly string[]
      /** Those of them that ran out of memory for it, and its size. */
      readonly outOfMemory?: { readonly predictedMs: number; readonly backendIds: readonly string[] }
    }
  /** No connection, or one that ended at once. */
  | { readonly kind: 'unreachable' }
  /** It broke off before it answered. */
  | { readonly kind: 'hard'; readonly model: string }
  /** It was reached and did badly: an error, a hang, a wrong answer. */
  | {
      readonly kind: 'soft'
      readonly model: string
      /** It did not answer in the time that was expected, and nothing else is known. */
      readonly isTimeout?: boolean
    }
  /** It is gone or refuses us, which only its operator can change. */
  | { readonly kind: 'misconfigured'; readonly model: string }
  | { readonly kind: 'busy'; readonly model: string; readonly retryAfterMs: number }
  | { readonly kind: 'cold' }
  /** It cannot decode this much. */
  | {
      readonly kind: 'out-of-memory'
      readonly model: string
      readonly predictedMs: number
    }

/** Evidence that accuses a backend at one task. */
export type Accusation = Extract<Evidence, { kind: 'hard' | 'soft' | 'misconfigured' | 'busy' }>

export type PoolEvent =
  | { readonly kind: 'acquire'; readonly job: Job }
  | { readonly kind: 'cancel'; readonly ticket: string }
  /** The GPU is done with the job. Times are what the holder measured, in milliseconds. */
  | {
      readonly kind: 'free'
      readonly backendId: string
      readonly leaseId: number
      /** From sending the request to the backend's headers. */
      readonly attemptMs?: number
      /** What the backend says the decode took. */
      readonly computeMs?: number
      /** What the backend says how many decodes it can run in one batch. */
      readonly capacity?: number
      /** Whether a decode was done, from which pace can be learnt. */
      readonly decoded: boolean
    }
  | { readonly kind: 'renew'; readonly backendId: string; readonly leaseId: number }
  /** The job is another one than it was granted for. */
  | {
      readonly kind: 'resize'
      readonly backendId: string
      readonly leaseId: number
      readonly predictedMs: number
    }
  /** The holder is gone and did not say how far the job came. */
  | { readonly kind: 'abandon'; readonly backendId: string; readonly leaseId: number }
  /** A holder of the pool's former life is still decoding. */
  | {
      readonly kind: 'adopt'
      readonly backendId: string
      readonly predictedMs: number
      readonly elapsedMs: number
    }
  | {
      readonly kind: 'report'
      readonly backendId: string
      readonly leaseId: number
      readonly evidence: Evidence
    }
  | {
      readonly kind: 'probed'
      readonly backendId: string
      readonly test: ProbeTest
      readonly task?: string | undefined
      readonly result: ProbeResult
    }
  | {
      readonly kind: 'operate'
      readonly backendId: string
      readonly order: OperatorOrder
    }
  | { readonly kind: 'tick' }

/** - `drain`, `disable`: out of service - `enable`: back - `probe`: look at it now */
export type OperatorOrder = 'drain' | 'disable' | 'enable' | 'probe'

/** - `health`: is it there - `wake`: and it shall start - `decode`: can it decode a tiny latent */
export type ProbeTest = 'health' | 'wake' | 'decode'

/** - `passed` - `asleep`: it says that it is starting - `failed` */
export type ProbeResult = 'passed' | 'asleep' | 'failed'

export type PoolAction =
  | {
      readonly kind: 'grant'
      readonly ticket: string
      readonly leaseId: number
      readonly backendId: string
      /** Until the backend gets to it. */
      readonly startsInMs: number
      /** Decode time to be expected on this backend. */
      readonly expectedMs: number
      /** The pool has no doubts about the backend, so that a good answer need not be reported. */
      readonly isTrusted: boolean
      /** The job waited for a backend to start. */
      readonly waitedForStart?: boolean
      /** How far decodes are from that, as a smoothed mean. */
      readonly deviationMs: number
      /** Whether that is learnt, or a guess. */
      readonly isLearnt: boolean
    }
  | {
      readonly kind: 'reject'
      readonly ticket: string
      readonly reason: RejectReason
      /** Spread by chance, so that those who were refused together do not come back together. */
      readonly retryAfterMs: number
    }
  | {
      readonly kind: 'probe'
      readonly backendId: string
      readonly test: ProbeTest
      /** The task that a decode is asked for; any of the backend's when left out. */
      readonly task?: string | undefined
    }

/**
 * - `no-backend`: none serves the model
 * - `exhausted`: all that serve it have failed this job
 * - `down`: all that serve it are out of reach, or out of service
 * - `cold`: all that serve it are asleep and none will be up in time
 * - `too-large`: all that serve it have run out of memory for less
 * - `repeated`: the job failed alike on two backends that serve others well
 * - `over-share`: its key has more waiting than its share
 * - `queue-full`, `deadline`: the pool is short
 * - `budget`: the pool spends too much on retries already
 * - `cancelled`: its caller took it back
 */
export type RejectReason =
  | 'no-backend'
  | 'exhausted'
  | 'down'
  | 'cold'
  | 'too-large'
  | 'repeated'
  | 'over-share'
  | 'queue-full'
  | 'deadline'
  | 'budget'
  | 'cancelled'
