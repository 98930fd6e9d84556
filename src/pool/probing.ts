/** Looking after backends that get no jobs: is it there, shall it start, can it decode. Only while there is demand. */
import { onBackend, type Step } from './edit.ts'
import type { PoolAction, ProbeResult, ProbeTest } from './events.ts'
import { changesAt, HEALTH_PROBE_MS, learn } from './health.ts'
import { askedToStartAt, type Health, isServing } from './health-states.ts'
import { learnColdStart } from './pace.ts'
import type { BackendState, PoolState } from './state.ts'

/** Probes cost money; after this long without a job nobody waits for what they would find. */
const DEMAND_MS = 300_000

/** One backend is woken per so much waiting work. */
const WORK_PER_WAKING_MS = 30_000

/** After so much more than the usual time one may never start. */
const HOPELESS_FACTOR = 2

/** Between two tries to wake a backend; the last one again and again. */
const WAKE_AFTER_MS = [1_000, 2_000, 4_000, 8_000, 10_000]

export const hasDemand = (state: PoolState, now: number): boolean =>
  state.lanes.length > 0 || now - state.traffic.askedAt < DEMAND_MS

/** Starts the probes that are due. */
export function probe(state: PoolState, now: number): readonly [PoolState, readonly PoolAction[]] {
  if (state.backends.every(({ health }) => !isLookedAfter(health)) || !hasDemand(state, now))
    return [state, []]
  const actions: PoolAction[] = []
  let toWake = wakingsNeeded(state)
  const backends = state.backends.map((backend) => {
    const { health, id } = backend
    switch (health.kind) {
      case 'down':
        if (health.probeAt > now) return backend
        break
      case 'cold':
        if (toWake <= 0) return backend
        // Those that are being woken already count, but for one that has been asked for too long.
        if (now < hopelessAt(backend, now)) toWake--
        if (health.wakeAt === null || health.wakeAt > now) return backend
        break
      case 'half-open':
        break
      default:
        return backend
    }
    const [looked, test] = look(backend, now)
    if (test) actions.push({ kind: 'probe', backendId: id, test })
    return looked
  })
  return actions.length > 0 ? [{ ...state, backends }, actions] : [state, []]
}

/** Starts a probe because the operator wants one, whether or not anybody waits for the backend. */
export function examine(state: PoolState, backendId: string, now: number): Step {
  const backend = state.backends.find(({ id }) => id === backendId)
  if (!backend) return [state, []]
  const [looked, test] = look(backend, now)
  return [onBackend(state, backendId, () => looked), test ? [{ kind: 'probe', backendId, test }] : []]
}

/** The probe that tells most of a backend in its state; none while one is under way, or a job that tells the same. */
function look(backend: BackendState, now: number): readonly [BackendState, ProbeTest?] {
  const { health } = backend
  switch (health.kind) {
    case 'down':
      return [{ ...backend, health: { ...health, probeAt: now + HEALTH_PROBE_MS } }, 'health']
    case 'cold':
      if (health.wakeAt === null) return [backend]
      return [{ ...backend, health: { ...health, since: askedToStartAt(health, now), wakeAt: null } }, 'wake']
    case 'half-open':
      if (health.isProbing || backend.leases.length > 0) return [backend]
      return [{ ...backend, health: { ...health, isProbing: true } }, 'decode']
    case 'usable':
    case 'slow-start':
    case 'ejected':
    case 'drained':
    case 'disabled':
      return [backend, 'health']
  }
}

const isLookedAfter = ({ kind }: Health): boolean =>
  kind === 'down' || kind === 'cold' || kind === 'half-open'

/** As many as the waiting work needs; one at least when nobody serves. */
function wakingsNeeded({ backends, lanes }: PoolState): number {
  let queuedMs = 0
  for (const { jobs } of lanes) for (const job of jobs) queuedMs += job.predictedMs
  const isAnyThere = backends.some(({ health }) => isServing(health) || health.kind === 'half-open')
  return Math.max(Math.ceil(queuedMs / WORK_PER_WAKING_MS), isAnyThere ? 0 : 1)
}

/** What a probe found, unless the backend has moved on since. `random` spreads the next try. */
export function probed(
  backend: BackendState,
  { test, result }: { readonly test: ProbeTest; readonly result: ProbeResult },
  random: number,
  now: number,
): BackendState {
  const { health } = backend
  switch (health.kind) {
    case 'down':
      if (test !== 'health' || result !== 'passed') return backend
      return { ...backend, health: { kind: 'half-open', isProbing: false } }
    case 'cold': {
      if (test !== 'wake') return backend
      if (result === 'passed') {
        const pace = learnColdStart(backend.pace, now - health.since)
        return { ...backend, pace, health: { kind: 'half-open', isProbing: false } }
      }
      const pauseMs = WAKE_AFTER_MS[Math.min(health.tries, WAKE_AFTER_MS.length - 1)] as number
      const wakeAt = now + pauseMs * (0.8 + 0.4 * random)
      return { ...backend, health: { ...health, tries: health.tries + 1, wakeAt } }
    }
    case 'half-open': {
      if (test !== 'decode') return backend
      if (result === 'passed') return learn(backend, { kind: 'served' }, { random, now, mayEject: true })
      const kind = result === 'asleep' ? 'cold' : 'unreachable'
      return learn(backend, { kind }, { random, now, mayEject: true })
    }
    default:
      return backend
  }
}

/** When a cold backend has been asked to start for so long that another is woken beside it. */
const hopelessAt = ({ health, pace }: BackendState, now: number): number =>
  health.kind === 'cold'
    ? askedToStartAt(health, now) + HOPELESS_FACTOR * pace.coldStartMs
    : Number.POSITIVE_INFINITY

function looksAt(health: Health): number {
  const at = health.kind === 'down' ? health.probeAt : health.kind === 'cold' ? health.wakeAt : undefined
  return at ?? Number.POSITIVE_INFINITY
}

/** When the next probe or change of state is due; undefined while nobody asks. */
export function nextProbeAt(state: PoolState, now: number): number | undefined {
  let next: number | undefined
  if (state.backends.every(({ health }) => health.kind === 'usable') || !hasDemand(state, now))
    return undefined
  for (const backend of state.backends) {
    const moments = [changesAt(backend.health), looksAt(backend.health), hopelessAt(backend, now)]
    for (const at of moments) {
      if (Number.isFinite(at) && at > now && (next === undefined || at < next)) next = at
    }
  }
  return next
}
