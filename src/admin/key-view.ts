/** A key's record as operators see it. */
import { formatDay, isPastDay } from '../lib/days.ts'
import type { KeyRecord } from '../limits/protocol.ts'
import type { Key } from './contract.ts'

/** @param now milliseconds since 1970, which decides between states */
export const viewOf = (record: KeyRecord, now: number): Key => ({
  id: record.id,
  name: record.name,
  plan: record.plan === '' ? null : record.plan,
  models: record.models && [...record.models],
  overrides: record.overrides,
  createdAt: record.createdAt === 0 ? null : isoTime(record.createdAt),
  expires: record.expiryDay === 0 ? null : formatDay(record.expiryDay),
  revokedAt: record.revokedAt === null ? null : isoTime(record.revokedAt),
  rotatedTo: record.rotatedTo,
  state: stateOf(record, now),
})

/** A revocation goes before the end of a key's days: it says more. */
export function stateOf(record: KeyRecord, now: number): Key['state'] {
  if (record.isRevoked || (record.revokedAt !== null && record.revokedAt <= now)) return 'revoked'
  if (isPastDay(record.expiryDay, now)) return 'expired'
  return record.revokedAt === null ? 'active' : 'grace'
}

/** Of a key that was minted elsewhere: nothing is known of it but its id. */
export const unrecorded = (id: string): KeyRecord => ({
  id,
  name: '',
  plan: '',
  models: null,
  overrides: {},
  createdAt: 0,
  expiryDay: 0,
  revokedAt: null,
  rotatedTo: null,
})

const isoTime = (at: number): string => new Date(at).toISOString()
