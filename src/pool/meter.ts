/** What a pool's object counts: what passes it, and what Workers tell it of what passed them. In memory only. */
import type { Ambient } from '../lib/ambient.ts'
import { BusiestKeys } from '../telemetry/busiest-keys.ts'
import { Counts } from '../telemetry/counts.ts'
import type { Recorded } from '../telemetry/recorder.ts'
import type { PoolAction, PoolEvent } from './events.ts'
import { gaugesOf } from './gauges.ts'
import type { PoolMetrics } from './protocol.ts'
import type { Job, PoolState } from './state.ts'

/**
 * The platform lets go of an object ten seconds after its last call, and of its counts with it. It is kept for so long
 * that somebody who scrapes every minute sees them.
 */
const HOLD_MS = 90_000

export class PoolMeter {
  readonly #ambient: Pick<Ambient, 'now' | 'after'>
  readonly #startedAt: number
  readonly #isRead: boolean
  readonly #counts = new Counts()
  readonly #keys = new BusiestKeys()
  readonly #since = new Map<string, number>()
  #heldUntil = 0

  /** @param isRead whether anybody may ask for the counts */
  constructor(ambient: Pick<Ambient, 'now' | 'after'>, isRead: boolean) {
    this.#ambient = ambient
    this.#startedAt = ambient.now()
    this.#isRead = isRead
  }

  /** What Workers have counted. */
  take({ counts, keys }: Recorded): void {
    this.#counts.merge(counts)
    this.#keys.merge(keys, this.#ambient.now())
    this.#hold()
  }

  /** The state of a backend has changed, or a probe has come back. */
  stepped(before: PoolState, after: PoolState, event: PoolEvent): void {
    if (event.kind === 'probed') {
      this.#counts.add('vae_gateway_probes_total', [event.backendId, event.test, event.result])
    }
    if (before.backends === after.backends) return
    for (const [at, backend] of after.backends.entries()) {
      const { id, health } = backend
      if (before.backends[at]?.health.kind === health.kind) continue
      this.#since.set(id, this.#ambient.now())
      this.#counts.add('vae_gateway_backend_state_changes_total', [id, health.kind])
    }
  }

  /** A job's waiting is over. */
  answered(
    action: PoolAction & { kind: 'grant' | 'reject' },
    purpose: Job['purpose'],
    waitedMs: number,
  ): void {
    const isGranted = action.kind === 'grant'
    if (isGranted) this.#counts.add('vae_gateway_grants_total', [purpose])
    else this.#counts.add('vae_gateway_refusals_total', [action.reason])
    const outcome = isGranted ? 'granted' : 'refused'
    this.#counts.observe('vae_gateway_queue_wait_seconds', [outcome], waitedMs / 1000)
    this.#hold()
  }

  forgot(): void {
    this.#counts.add('vae_gateway_faults_total', ['pool-memory-failed'])
  }

  read(state: PoolState, now: number): PoolMetrics {
    const sinceOf = (id: string): number => this.#since.get(id) ?? this.#startedAt
    return {
      startedAt: this.#startedAt,
      gauges: gaugesOf(state, sinceOf, now),
      counts: this.#counts.tally,
      keys: this.#keys.use,
    }
  }

  /** A timer that is pending keeps the object; one at a time, renewed when it is half over. */
  #hold(): void {
    const now = this.#ambient.now()
    if (!this.#isRead || this.#heldUntil - now > HOLD_MS / 2) return
    this.#heldUntil = now + HOLD_MS
    this.#ambient.after(HOLD_MS, () => undefined)
  }
}
