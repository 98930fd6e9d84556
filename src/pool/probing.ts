/** Looking after backends that get no jobs: is it there, shall it start, can it decode. Only while there is demand. */
import { onBackend, type Step } from './edit.ts'
import type { PoolAction, ProbeResult, ProbeTest } from './events.ts'
import { asleep, changesAt, reached, unreachable } from './health.ts'
import { askedToStartAt, type Health, isServing } from './health-states.ts'
import { learnColdStart, UNKNOWN_START_MS } from './service-times.ts'
import type { BackendState, PoolState } from './state.ts'
import { isBeingLookedInto, isInDoubt, onTask, settle, withProbing } from './task-health.ts'
import { HEALTH_PROBE_MS } from './tuning.ts'

/** Probes cost money; after this long without a job nobody waits for what they would find. */
const DEMAND_MS = 300_000

/** One backend is woken per so much waiting work. */
const WORK_PER_WAKING_MS = 30_000

/** After so much more than the usual time one may never start. */
const HOPELESS_FACTOR = 2

/** Between two looks at a backend that starts: while jobs wait for it, and while none does. */
const WAKE_AFTER_MS = 500
const WAKE_AFTER_UNASKED_MS = 10_000

export const hasDemand = (state: PoolState, now: number): boolean =>
  state.lanes.length > 0 || now - state.traffic.askedAt < DEMAND_MS

/** Starts the probes that are due. */
export function probe(state: PoolState, now: number): readonly [PoolState, readonly PoolAction[]] {
  if (state.backends.every((backend) => !isLookedAfter(backend)) || !hasDemand(state, now)) return [state, []]
  const actions: PoolAction[] = []
  let toWake = wakingsNeeded(state)
  const backends = state.backends.map((backend) => {
    const { health, id } = backend
    if (health.kind === 'usable' || health.kind === 'slow-start') {
      const [looked, task] = lookIntoTask(backend)
      if (task !== undefined) actions.push({ kind: 'probe', backendId: id, test: 'decode', task })
      return looked
    }
    if (health.kind === 'drained' || health.kind === 'disabled') return backend
    if (health.kind === 'down' && health.probeAt > now) return backend
    if (health.kind === 'cold') {
      if (toWake <= 0) return backend
      // Those that are being woken already count, but for one that has been asked for too long.
      if (now < hopelessAt(backend, now)) toWake--
      if (health.wakeAt === null || health.wakeAt > now) return backend
    }
    const [looked, test] = look(backend, now)
    if (test) actions.push({ kind: 'probe', backendId: id, test })
    return looked
  })
  return actions.length > 0 ? [{ ...state, backends }, actions] : [state, []]
}

/**
 * A decode for a task that is under suspicion, or that is tried again. One at a time, and only in a free slot: what waits
 * behind a long decode would look like a hang.
 */
function lookIntoTask(backend: BackendState): readonly [BackendState, string?] {
  if (backend.leases.length >= backend.slots || backend.tasks.some(isBeingLookedInto)) return [backend]
  const due = backend.tasks.find(isInDoubt)
  if (!due) return [backend]
  return [onTask(backend, due.task, (task) => withProbing(task, true)), due.task]
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
    case 'drained':
    case 'disabled':
      return [backend, 'health']
  }
}

const isLookedAfter = ({ health: { kind }, tasks }: BackendState): boolean =>
  kind === 'down' || kind === 'cold' || kind === 'half-open' || tasks.some(isInDoubt)

/** As many as the waiting work needs; one at least when nobody serves. */
function wakingsNeeded({ backends, lanes }: PoolState): number {
  let queuedMs = 0
  for (const { jobs } of lanes) for (const job of jobs) queuedMs += job.predictedMs
  const isAnyThere = backends.some(({ health }) => isServing(health) || health.kind === 'half-open')
  return Math.max(Math.ceil(queuedMs / WORK_PER_WAKING_MS), isAnyThere ? 0 : 1)
}

const HALF_OPEN: Health = { kind: 'half-open', isProbing: false }

/** What a probe found, unless the backend has moved on since. */
export function probed(
  backend: BackendState,
  {
    test,
    task,
    result,
  }: { readonly test: ProbeTest; readonly task?: string | undefined; readonly result: ProbeResult },
  isWaitedFor: boolean,
  random: number,
  now: number,
): BackendState {
  if (task !== undefined) {
    // What it can is found out once it is awake.
    if (result === 'asleep')
      return asleep(
        onTask(backend, task, (one) => withProbing(one, false)),
        now,
      )
    const settled = onTask(backend, task, (one) => settle(one, result === 'passed', random, now))
    return result === 'passed' ? reached(settled, now) : settled
  }
  const { health } = backend
  switch (health.kind) {
    case 'down':
      if (test !== 'health') return backend
      return { ...backend, health: result === 'passed' ? HALF_OPEN : { ...health, isSure: true } }
    case 'cold': {
      if (test !== 'wake') return backend
      if (result === 'passed') {
        const times = learnColdStart(backend.times, now - health.since)
        return { ...backend, times, health: HALF_OPEN }
      }
      const pauseMs = isWaitedFor ? WAKE_AFTER_MS : WAKE_AFTER_UNASKED_MS
      const wakeAt = now + pauseMs * (0.8 + 0.4 * random)
      return { ...backend, health: { ...health, tries: health.tries + 1, wakeAt } }
    }
    case 'half-open':
      if (test !== 'decode') return backend
      if (result === 'passed') return reached(backend, now)
      return result === 'asleep' ? asleep(backend, now) : unreachable(backend, true, random, now)
    default:
      return backend
  }
}

/** When a cold backend has been asked to start for so long that another is woken beside it. */
const hopelessAt = ({ health, times }: BackendState, now: number): number =>
  health.kind === 'cold'
    ? askedToStartAt(health, now) + HOPELESS_FACTOR * (times.coldStart?.meanMs ?? UNKNOWN_START_MS)
    : Number.POSITIVE_INFINITY

function looksAt(health: Health): number {
  const at = health.kind === 'down' ? health.probeAt : health.kind === 'cold' ? health.wakeAt : undefined
  return at ?? Number.POSITIVE_INFINITY
}

/** When the next probe or change of state is due; undefined while nobody asks. */
export function nextProbeAt(state: PoolState, now: number): number | undefined {
  let next: number | undefined
  const isQuiet = ({ health, tasks }: BackendState): boolean =>
    health.kind === 'usable' && tasks.every((task) => task.health.kind === 'usable')
  if (state.backends.every(isQuiet) || !hasDemand(state, now)) return undefined
  for (const backend of state.backends) {
    const { health, tasks } = backend
    const taskChanges = tasks.map((task) => changesAt(task.health))
    const moments = [changesAt(health), looksAt(health), hopelessAt(backend, now), ...taskChanges]
    for (const at of moments) {
      if (Number.isFinite(at) && at > now && (next === undefined || at < next)) next = at
    }
  }
  return next
}
