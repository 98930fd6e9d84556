import type { KeyRecord } from '../../src/limits/protocol.ts'

/** A key that was made by the admin API and may do what its plan allows. */
export const keyRecord = (changes: Partial<KeyRecord> = {}): KeyRecord => ({
  id: '00000000000000aa',
  name: 'somebody',
  plan: 'default',
  models: null,
  overrides: {},
  createdAt: 1_000_000,
  expiryDay: 0,
  revokedAt: null,
  rotatedTo: null,
  ...changes,
})
