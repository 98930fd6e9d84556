/** Asks the gateway again and again while somebody looks, and keeps what it said. */
import { batch, effect, signal } from '@preact/signals'
import type { PoolReport } from '../../../src/admin/contract.ts'
import type { Family } from '../../../src/telemetry/exposition.ts'
import { ask, type Failure } from './api.ts'
import { type Board, nextBoard } from './board.ts'
import { announce, type Change, changesBetween } from './changes.ts'
import { nextPollMs } from './pace.ts'
import { leave, token } from './session.ts'

export type Link =
  | { readonly state: 'opening' | 'live' | 'paused' }
  | { readonly state: 'lost'; readonly failure: Failure; readonly againAt: number }

export const board = signal<Board | undefined>(undefined)
export const link = signal<Link>({ state: 'opening' })
export const changes = signal<readonly Change[]>([])
/** What is read out, whenever it changes. */
export const announcement = signal('')

const MAX_CHANGES = 50
const REFUSED = 'The gateway refuses this token. It is the ADMIN_TOKEN of its secrets.'

let timer: ReturnType<typeof setTimeout> | undefined
let failures = 0
/** Of an answer that comes when the page has been left or another token entered, nothing is taken. */
let round = 0

/** Watches for as long as there is a token and the page is seen. */
export function startWatching(): void {
  effect(() => {
    const known = token.value
    stop()
    failures = 0
    batch(() => {
      board.value = undefined
      changes.value = []
      link.value = { state: 'opening' }
    })
    if (known !== '' && !document.hidden) void poll(known)
  })
  document.addEventListener('visibilitychange', () => {
    stop()
    if (document.hidden) link.value = { state: 'paused' }
    else askNow()
  })
}

/** At once, whatever was planned. */
export function askNow(): void {
  stop()
  if (token.peek() !== '') void poll(token.peek())
}

function stop(): void {
  clearTimeout(timer)
  round += 1
}

async function poll(known: string): Promise<void> {
  const mine = round
  const startedAt = Date.now()
  const [pools, metrics] = await Promise.all([
    ask<{ pools: PoolReport[] }>(known, '/pools'),
    ask<{ metrics: Family[] }>(known, '/metrics'),
  ])
  if (mine !== round) return
  const now = Date.now()
  const failure = pools.ok ? (metrics.ok ? undefined : metrics.error) : pools.error
  if (failure?.kind === 'refused') return leave(REFUSED)
  failures = failure ? failures + 1 : 0
  const waitMs = nextPollMs(failures, now - startedAt, failure?.kind === 'problem' ? failure.retryAfterMs : 0)
  if (failure) lost(failure, now + waitMs)
  else if (pools.ok && metrics.ok) show(pools.value.pools, metrics.value.metrics, now)
  timer = setTimeout(() => void poll(known), waitMs)
}

function show(pools: readonly PoolReport[], families: readonly Family[], now: number): void {
  const before = board.peek()
  const after = nextBoard(before, pools, families, now)
  const changed = changesBetween(before?.backends ?? [], after.backends, now)
  const wasLost = link.peek().state === 'lost'
  batch(() => {
    board.value = after
    link.value = { state: 'live' }
    if (changed.length > 0) changes.value = [...changed.toReversed(), ...changes.peek()].slice(0, MAX_CHANGES)
    const said = [wasLost ? 'The gateway answers again.' : '', announce(changed)].filter(
      (text) => text !== '',
    )
    if (said.length > 0) announcement.value = said.join(' ')
  })
}

/** Said once, not with each failure. */
function lost(failure: Failure, againAt: number): void {
  batch(() => {
    if (link.peek().state !== 'lost') announcement.value = 'The gateway does not answer.'
    link.value = { state: 'lost', failure, againAt }
  })
}
