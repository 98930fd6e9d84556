/** Hands out places: jobs in their turn, each to the backend that finishes it first, now or when that is free. */
import type { PoolAction } from './events.ts'
import { type Health, isServing } from './health-states.ts'
import { idleFor } from './idle.ts'
import { afterTurns, hadTurn, inTurn, type Turn } from './lanes.ts'
import { grant } from './leases.ts'
import { hasRoom } from './places.ts'
import { type Choice, candidatesOf, choose, type Promises } from './selection.ts'
import { isLearnt } from './service-times.ts'
import type { BackendState, Job, PoolState } from './state.ts'
import { isTrusted } from './task-health.ts'
import { SHORT_JOB_MS } from './traffic.ts'
import { WINDOW } from './tuning.ts'

/** From so many backends on, one is kept from long jobs while short ones are about. */
const RESERVE_FROM = 4
const NEVER_OPEN: ReadonlySet<Health['kind']> = new Set(['down', 'cold', 'drained', 'disabled'])

/** A short job was about if it came within this time. */
const RESERVE_MEMORY_MS = 10_000

export function schedule(state: PoolState, now: number): readonly [PoolState, readonly PoolAction[]] {
  const actions: PoolAction[] = []
  let current = state
  // Whoever was served has paid, which changes whose turn it is, and so who waits for which backend.
  while (current.lanes.length > 0) {
    const [next, grants] = goRound(current, now)
    if (grants.length === 0) break
    current = next
    actions.push(...grants)
  }
  return [current, actions]
}

function goRound(state: PoolState, now: number): readonly [PoolState, readonly PoolAction[]] {
  const free = state.backends.filter((backend) => isOpen(backend, state.startedAt, now))
  const open = new Set(free.map(({ id }) => id))
  // However many wait for other backends, those are looked at that one of these may take.
  const tasks = new Set(free.flatMap(({ models }) => models))
  const actions: PoolAction[] = []
  const taken: Turn[] = []
  const promises: Promises = new Map()
  let { backends, nextLeaseId } = state
  if (open.size === 0) return [state, []]
  for (const turn of inTurn(state.lanes, now, WINDOW, ({ model }) => tasks.has(model))) {
    const { job } = turn
    if (open.size === 0) break
    const candidates = mayTake(backends, state, candidatesOf(backends, job, now), job, now)
    const choice = choose(candidates, job, promises, state, now)
    if (!choice) continue
    const { backend } = choice
    if (!choice.hasRoom) {
      promises.set(backend.id, choice.startsAt + (choice.endsAt - choice.startsAt) / backend.slots)
      open.delete(backend.id)
      continue
    }
    const granted = grant(nextLeaseId, job, choice, now)
    if (!hasRoom(granted, now, state.startedAt)) open.delete(backend.id)
    backends = replace(backends, granted)
    actions.push(grantAction(nextLeaseId, job, choice, now))
    taken.push(turn)
    nextLeaseId++
  }
  if (taken.length === 0) return [state, []]
  return [{ ...state, backends, nextLeaseId, lanes: afterTurns(state.lanes, taken, now) }, actions]
}

/** Whether some job could be sent to it at this moment. Where none can, nobody's turn need be looked at. */
const isOpen = (backend: BackendState, startedAt: number, now: number): boolean =>
  !NEVER_OPEN.has(backend.health.kind) && hasRoom(backend, now, startedAt)

/**
 * A part of a batch goes to a backend with a free slot while nobody waits, or nowhere. The batch has had its turn, and
 * has paid for all of its parts.
 */
export function part(state: PoolState, job: Job, now: number): readonly [PoolState, PoolAction] | undefined {
  if (state.lanes.length > 0) return undefined
  const idle = mayTake(state.backends, state, idleFor(state.backends, job, now), job, now)
  const choice = choose(idle, job, new Map(), state, now)
  return choice?.hasRoom ? grantNow(state, job, choice, now) : undefined
}

function grantNow(state: PoolState, job: Job, choice: Choice, now: number): readonly [PoolState, PoolAction] {
  const id = state.nextLeaseId
  const backends = replace(state.backends, grant(id, job, choice, now))
  return [{ ...state, backends, nextLeaseId: id + 1 }, grantAction(id, job, choice, now)]
}

function grantAction(
  leaseId: number,
  job: Job,
  { backend, known, startsAt }: Choice,
  now: number,
): PoolAction {
  return {
    kind: 'grant',
    ticket: job.ticket,
    leaseId,
    backendId: backend.id,
    startsInMs: Math.max(0, startsAt - now),
    expectedMs: known.meanMs,
    deviationMs: known.deviationMs,
    isLearnt: isLearnt(known),
    isTrusted: isTrusted(backend, job.model),
    ...(job.hasWaitedForStart && { waitedForStart: true }),
  }
}

/**
 * A long job may not take the last backend that is free of long ones: pictures would wait behind videos. One that was
 * failed may, as it cannot be staged behind another.
 */
function mayTake(
  backends: readonly BackendState[],
  { traffic }: PoolState,
  candidates: readonly BackendState[],
  job: Job,
  now: number,
): readonly BackendState[] {
  if (job.predictedMs <= SHORT_JOB_MS || hadTurn(job)) return candidates
  if (now - traffic.shortAskedAt > RESERVE_MEMORY_MS) return candidates
  const serving = backends.filter(({ health }) => isServing(health))
  if (serving.length < RESERVE_FROM) return candidates
  const free = serving.filter((backend) => !hasLongJob(backend))
  return free.length > 1 ? candidates : candidates.filter(hasLongJob)
}

const hasLongJob = ({ leases }: BackendState): boolean =>
  leases.some(({ predictedMs }) => predictedMs > SHORT_JOB_MS)

const replace = (backends: readonly BackendState[], backend: BackendState): readonly BackendState[] =>
  backends.map((other) => (other.id === backend.id ? backend : other))
