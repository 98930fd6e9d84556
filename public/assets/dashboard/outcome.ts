/** How requests end, in four classes and in words. */
import type { KeyOutcome } from '../../../src/telemetry/busiest-keys.ts'

export type OutcomeClass = KeyOutcome

const ENDS: Readonly<Record<string, readonly [OutcomeClass, string]>> = {
  served: ['served', 'Served'],
  'broke-off': ['failed', 'Broke off'],
  'client-gone': ['left', 'Client gone'],
  'client-slow': ['left', 'Client too slow'],
  'client-closed-request': ['left', 'Client gone before its answer'],
}

/** Codes of problems that are the gateway's or its backends', 500 and above; a test holds them to the table of problems. */
const FAILURES =
  /^(internal-error|misconfigured|upstream-.+|request-failed-repeatedly|no-backend|cold-start|no-capacity|isolate-busy|key-unavailable|directory-unavailable|pool-unavailable|deadline-exceeded|none)$/

export const classOf = (outcome: string): OutcomeClass =>
  ENDS[outcome]?.[0] ?? (FAILURES.test(outcome) ? 'failed' : 'refused')

/** `too-many-requests` as `Too many requests`. */
export const titleOf = (outcome: string): string =>
  ENDS[outcome]?.[1] ?? outcome.charAt(0).toUpperCase() + outcome.slice(1).replaceAll('-', ' ')

/** Whether `/problems/{outcome}` explains it. */
export const isExplained = (outcome: string): boolean => !ENDS[outcome] && outcome !== 'none'
