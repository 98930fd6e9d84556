/** What Linux says of a process. */
import { readdirSync, readFileSync } from 'node:fs'

/** Memory of the process that is in RAM (RSS), in bytes. */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  if (kilobytes === undefined) throw new Error(`Process ${pid} has no memory: it has ended.`)
  return Number(kilobytes) * 1024
}

/** Open files and sockets. */
export const fileDescriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length

export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
    .flatMap((text) => (text === '' ? [] : Number(text)))
}

export const commandOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
