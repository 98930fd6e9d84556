/**
 * How evidence moves one task of a backend from one state to another.
 *
 * A request that fails may be at fault itself, and a key may send such requests all day. So a failure only accuses the backend,
 * and takes nothing from others until one of two things confirms it: a tiny decode of our own fails as well, or our own
 * decodes are good and other backends serve, again and again, what this one failed.
 */
import { jitter } from './chance.ts'
import type { Accusation } from './events.ts'
import type { Cause, Health, TaskHealth } from './health-states.ts'
import type { BackendState, TaskRecord, TrackRecord } from './state.ts'
import { isErratic, NO_RECORD, recordOutcome, relapsesAt } from './track-record.ts'
import {
  CLEARED_MS,
  CONFIRMED_OUT,
  CONFIRMED_STRIKES,
  FIRST_PAUSE_MS,
  MAX_CLEARED_MS,
  MAX_LOOK_WAIT_MS,
  MAX_PAUSE_MS,
  MIN_PAUSE_MS,
  PROBED_OUT,
  SUSPICIOUS_ANSWERS,
} from './tuning.ts'

const UNSEEN: Omit<TaskRecord, 'task'> = {
  health: { kind: 'usable' },
  cause: null,
  record: NO_RECORD,
  pausedUntil: 0,
  suspicion: null,
  clearedAt: 0,
  cleared: 0,
}

export const taskOf = ({ tasks }: Pick<BackendState, 'tasks'>, task: string): TaskRecord =>
  tasks.find((other) => other.task === task) ?? { task, ...UNSEEN }

/** The state that counts for a task: the backend's own, or the task's where the backend itself serves. */
export function healthFor(backend: BackendState, task: string): Health | TaskHealth {
  const { health } = backend
  if (health.kind !== 'usable' && health.kind !== 'slow-start') return health
  const own = taskOf(backend, task).health
  return own.kind === 'usable' ? health : own
}

/** The state as an operator sees it: a backend all of whose tasks are out is out. */
export function overallHealth(backend: BackendState): Health | TaskHealth {
  const all = backend.models.map((task) => healthFor(backend, task))
  return all.every(({ kind }) => kind === 'ejected' || kind === 'half-open')
    ? (all[0] ?? backend.health)
    : backend.health
}

/** Why the backend, or the first task that is out, is out of service. */
export const overallCause = ({ cause, health, tasks }: BackendState): Cause | null =>
  health.kind === 'usable' ? (tasks.find((task) => task.health.kind !== 'usable')?.cause ?? cause) : cause

/** Whether all that is known of the backend at this task is good, so that one more good answer is no news. */
export function isTrusted(backend: BackendState, task: string): boolean {
  const { record, suspicion, health } = taskOf(backend, task)
  const hasFailed = backend.record.hard > 0 || record.hard > 0 || record.soft > 0
  return backend.health.kind === 'usable' && health.kind === 'usable' && suspicion === null && !hasFailed
}

/** Until when jobs of the task are not sent, since the backend asked for time. */
export const pausedUntil = (backend: BackendState, task: string): number => taskOf(backend, task).pausedUntil

/**
 * Failures since the last good answer, and when the latest was: of connections, and of requests that another backend then
 * served. What only accuses the backend is not among them, or one key could send the work of all others elsewhere.
 */
export function strikesOf(backend: BackendState, task: string): { count: number; at: number } {
  const { record } = taskOf(backend, task)
  const { hard, failedAt } = backend.record
  return { count: hard + record.soft, at: Math.max(failedAt, record.failedAt) }
}

export function onTask(
  backend: BackendState,
  task: string,
  change: (record: TaskRecord) => TaskRecord,
): BackendState {
  // A Worker of another release may know other tasks.
  if (!backend.models.includes(task)) return backend
  const before = taskOf(backend, task)
  const after = change(before)
  if (after === before) return backend
  const at = backend.tasks.findIndex((other) => other.task === task)
  // In its place, so that tasks in doubt have their turn in order.
  return { ...backend, tasks: at < 0 ? [...backend.tasks, after] : backend.tasks.with(at, after) }
}

/** An answer has begun as it should. How it ends is told where that is news. */
export const answered = (task: TaskRecord, now: number): TaskRecord => ({
  ...task,
  record: recordOutcome(task.record, true, now),
})

/** A request was served to its end: the backend is not at fault for what it was accused of. */
export function served(task: TaskRecord, now: number): TaskRecord {
  const record = { ...task.record, hard: 0, soft: 0 }
  const { suspicion, health } = task
  const after = suspicion ? clear(task, now) : task
  return { ...after, record, health: health.kind === 'half-open' ? { kind: 'usable' } : health }
}

/**
 * A request accuses the backend. It is looked into unless the backend was cleared a moment ago, which is for longer
 * each time: a key that keeps sending bad requests is not worth a decode each.
 */
export function accuse(task: TaskRecord, evidence: Accusation, now: number): TaskRecord {
  const record: TrackRecord = { ...task.record, hard: task.record.hard + 1 }
  const accused = { ...task, record }
  // One that is tried again is settled by a decode of our own: the request may be at fault.
  if (task.health.kind !== 'usable' || task.suspicion || now < trustedUntil(task)) return task
  if (evidence.kind === 'soft' && record.hard < SUSPICIOUS_ANSWERS) return accused
  const isPause = evidence.kind === 'busy'
  const askedMs = isPause ? Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, evidence.retryAfterMs)) : 0
  return {
    ...accused,
    pausedUntil: isPause ? now + Math.min(askedMs, FIRST_PAUSE_MS) : task.pausedUntil,
    suspicion: { since: now, cause: causeOf(evidence), pauseMs: askedMs, isProbing: false },
  }
}

/** Another backend served a request that this one had failed. */
export function confirm(task: TaskRecord, mayEject: boolean, random: number, now: number): TaskRecord {
  const counted = recordOutcome(task.record, false, now)
  const record = { ...counted, soft: counted.soft + 1, failedAt: now }
  const confirmed = { ...task, record }
  const isBad = record.soft >= CONFIRMED_STRIKES || isErratic(record, now)
  if (!isBad || task.health.kind !== 'usable') return confirmed
  // Our own decodes tell sooner when it is well again, so they decide while they have not been good for nothing.
  const isMisjudged = task.cleared > 0 && now - task.clearedAt < 2 * MAX_CLEARED_MS
  if (mayEject && isMisjudged) {
    return takeOut(confirmed, task.suspicion?.cause ?? 'bad-answers', CONFIRMED_OUT, random, now)
  }
  const suspicion = { since: now, cause: 'bad-answers', pauseMs: 0, isProbing: false } as const
  return { ...confirmed, suspicion: task.suspicion ?? suspicion }
}

/** What a decode of our own said about a suspicion, or about a task that is tried again. */
export function settle(task: TaskRecord, isGood: boolean, random: number, now: number): TaskRecord {
  const { suspicion, health } = task
  if (suspicion) {
    if (isGood) return clear(task, now)
    if (suspicion.pauseMs > 0) {
      return { ...task, suspicion: null, pausedUntil: Math.max(task.pausedUntil, now + suspicion.pauseMs) }
    }
    return takeOut(task, suspicion.cause, PROBED_OUT, random, now)
  }
  if (health.kind !== 'half-open') return task
  return isGood ? served(task, now) : takeOut(task, task.cause ?? 'bad-answers', PROBED_OUT, random, now)
}

/** A task that was out for its time is tried again. */
export const elapseTask = (task: TaskRecord, now: number): TaskRecord =>
  task.health.kind === 'ejected' && task.health.until <= now
    ? { ...task, health: { kind: 'half-open', isProbing: false } }
    : task

/** Notes that a decode of our own is under way, or that it said nothing. */
export const withProbing = (task: TaskRecord, isProbing: boolean): TaskRecord => ({
  ...task,
  suspicion: task.suspicion && { ...task.suspicion, isProbing },
  health: task.health.kind === 'half-open' ? { kind: 'half-open', isProbing } : task.health,
})

/** Whether a decode of our own is to decide. */
export const isInDoubt = ({ suspicion, health }: TaskRecord): boolean =>
  suspicion !== null || health.kind === 'half-open'

export const isBeingLookedInto = ({ suspicion, health }: TaskRecord): boolean =>
  suspicion?.isProbing === true || (health.kind === 'half-open' && health.isProbing)

/** Whether it has waited for that for long, since the backend is never idle. */
export const isDueForLook = (task: TaskRecord, now: number): boolean =>
  isInDoubt(task) &&
  !isBeingLookedInto(task) &&
  now - (task.suspicion?.since ?? task.record.relapsedAt) >= MAX_LOOK_WAIT_MS

const trustedUntil = ({ clearedAt, cleared }: TaskRecord): number =>
  cleared > 0 ? clearedAt + Math.min(MAX_CLEARED_MS, CLEARED_MS * 2 ** (cleared - 1)) : 0

function clear(task: TaskRecord, now: number): TaskRecord {
  // What was long ago says nothing of the requests of now.
  const isRecent = now - task.clearedAt < 2 * MAX_CLEARED_MS
  const record = { ...task.record, hard: 0, soft: 0 }
  const cleared = isRecent ? task.cleared + 1 : 1
  return { ...task, record, suspicion: null, pausedUntil: 0, clearedAt: now, cleared }
}

function takeOut(
  task: TaskRecord,
  cause: Cause,
  { firstMs, mostMs }: typeof PROBED_OUT,
  random: number,
  now: number,
): TaskRecord {
  const relapses = relapsesAt(task.record, now)
  const until = now + jitter(Math.min(mostMs, firstMs * 2 ** relapses), random)
  const record = { ...NO_RECORD, relapses: relapses + 1, relapsedAt: until, failedAt: now }
  return { ...task, cause, record, suspicion: null, cleared: 0, health: { kind: 'ejected', until } }
}

function causeOf(evidence: Accusation): Cause {
  switch (evidence.kind) {
    case 'hard':
      return 'broke-off'
    case 'soft':
      return evidence.isTimeout ? 'timeouts' : 'bad-answers'
    case 'misconfigured':
      return 'refused'
    case 'busy':
      return 'busy'
  }
}
