/** What Linux says of the processes that are measured. */
import { readFileSync, writeFileSync } from 'node:fs'
import { childrenOf } from '../../test/soak/process-stats.ts'

/** A clock tick, in which Linux counts: 100 a second everywhere. */
const TICK_MS = 10

/** Time that all threads of the processes have run, in milliseconds: user and system. */
export const cpuMs = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + ticksOf(pid), 0) * TICK_MS

function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Forgets the peak of memory so far. */
export function forgetPeak(pids: readonly number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** Most memory that was in RAM at a time since then, in bytes. */
export const peakBytes = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + peakOf(pid), 0)

function peakOf(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/** A process and those that it started. */
export const familyOf = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(familyOf)]
