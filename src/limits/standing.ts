/** Whether a key is good, as far as its operator has said anything of it. */
import { isPastDay } from '../lib/days.ts'
import { allowsModel } from '../models/allow-list.ts'
import type { KeyRecord } from './protocol.ts'

export type Standing = 'good' | 'revoked' | 'model'

/**
 * @param record null for a key that was minted elsewhere, of which only its own text speaks
 * @param wall milliseconds since 1970
 */
export function standingOf(record: KeyRecord | null, model: string, wall: number): Standing {
  if (!record) return 'good'
  if (isOver(record, wall)) return 'revoked'
  return record.models && !allowsModel(record.models, model) ? 'model' : 'good'
}

export const isOver = ({ isRevoked, revokedAt, expiryDay }: KeyRecord, wall: number): boolean =>
  isRevoked === true || (revokedAt !== null && wall >= revokedAt) || isPastDay(expiryDay, wall)

/** A revocation cannot be taken back, be it by an order that was under way beside it: the earlier moment counts. */
export function withRevocation(before: KeyRecord | null, next: KeyRecord): KeyRecord {
  if (before?.revokedAt == null) return next
  const revokedAt = Math.min(before.revokedAt, next.revokedAt ?? Number.POSITIVE_INFINITY)
  return { ...next, revokedAt, ...(before.isRevoked && { isRevoked: true }) }
}
