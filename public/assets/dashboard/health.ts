/** A backend's state, in words, tone and how much it asks for somebody to look. */
import type { BackendStatus } from '../../../src/admin/contract.ts'
import { duration } from './format.ts'

export type Tone = 'good' | 'warn' | 'bad' | 'off'

interface StateView {
  readonly label: string
  readonly tone: Tone
}

/** The worst first. */
export const STATES: Readonly<Record<BackendStatus['state'], StateView>> = {
  down: { label: 'Down', tone: 'bad' },
  ejected: { label: 'Ejected', tone: 'bad' },
  unknown: { label: 'Unknown', tone: 'warn' },
  cold: { label: 'Cold', tone: 'warn' },
  'half-open': { label: 'Half-open', tone: 'warn' },
  disabled: { label: 'Disabled', tone: 'off' },
  drained: { label: 'Drained', tone: 'off' },
  'slow-start': { label: 'Slow start', tone: 'good' },
  usable: { label: 'Usable', tone: 'good' },
}

const RANKS = Object.keys(STATES)

export const rankOf = (state: BackendStatus['state']): number => RANKS.indexOf(state)

export const isServing = ({ state }: Pick<BackendStatus, 'state'>): boolean =>
  state === 'usable' || state === 'slow-start'

/** What stands below the state: why, for how long already, and until when. Empty for one that serves as usual. */
export function whyOf(
  { reason, until, busyForMs }: Pick<BackendStatus, 'reason' | 'until' | 'busyForMs'>,
  sinceAt: number | undefined,
  now: number,
): string {
  const left = until === null ? 0 : Date.parse(until) - now
  const parts = [
    reason,
    reason !== '' && sinceAt !== undefined && now > sinceAt ? `For ${duration(now - sinceAt)}.` : '',
    left > 0 ? `Looked at again in ${duration(left)}.` : '',
    busyForMs > 0 ? `It asked for time: nothing is sent for ${duration(busyForMs)}.` : '',
  ]
  return parts.filter((part) => part !== '').join(' ')
}
