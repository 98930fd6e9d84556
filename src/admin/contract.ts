/** What `/v1/admin/*` takes and gives. The CLI and the OpenAPI document are made from the same schemas. */
import * as z from 'zod'
import { MAX_MEGAPIXELS } from '../limits/bounds.ts'

const timestamp = z.iso.datetime()
const keyId = z.string().regex(/^[0-9a-f]{16}$/)
const count = z.int().positive().nullable()
const megapixels = z.number().positive().max(MAX_MEGAPIXELS).nullable()

/** Bounds of this key alone; null: none. What is left out is as in the plan. */
export const overridesSchema = z.strictObject({
  requestsPerMinute: count.optional(),
  megapixelsPerMinute: megapixels.optional(),
  concurrency: count.optional(),
  megapixelsPerMonth: megapixels.optional(),
})

export const createKeySchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(100)
    .regex(/^\P{Cc}*$/u, 'a text without control characters'),
  plan: z.string().default('default'),
  models: z.array(z.string()).min(1).optional(),
  /** Last day of the key, `2027-01-31`; left out: it does not expire. */
  expires: z.iso.date().optional(),
  overrides: overridesSchema.optional(),
})

export const keySchema = z.object({
  id: keyId,
  /** Empty for a key that was minted elsewhere. */
  name: z.string(),
  /** Null for a key that was minted elsewhere: it carries its plan itself. */
  plan: z.string().nullable(),
  models: z.array(z.string()).nullable(),
  overrides: overridesSchema,
  /** Null for a key that was minted elsewhere. */
  createdAt: timestamp.nullable(),
  /** `2027-01-31`, or null. */
  expires: z.iso.date().nullable(),
  revokedAt: timestamp.nullable(),
  rotatedTo: keyId.nullable(),
  /** `active`, `grace` while the one that replaces it is being handed out, `expired` or `revoked`. */
  state: z.enum(['active', 'grace', 'expired', 'revoked']),
})

/** The only answer that ever holds a key. */
export const mintedKeySchema = keySchema.extend({ key: z.string() })

export const quotaSchema = z.object({
  policy: z.enum(['requests', 'megapixels', 'concurrency', 'month']),
  limit: z.number(),
  windowS: z.number().nullable(),
  remaining: z.number(),
  resetMs: z.number(),
})

export const keyDetailSchema = keySchema.extend({
  quotas: z.array(quotaSchema),
  inFlight: z.int(),
})

export const keyPageSchema = z.object({
  keys: z.array(keySchema),
  /** Of the next page; null on the last. */
  cursor: z.string().nullable(),
})

export const listKeysSchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().optional(),
})

/** Of requests that say everything with their path. */
export const nothingSchema = z.strictObject({})

export const revokeKeySchema = z.strictObject({
  /** A key that was neither made nor used here is meant: it was minted elsewhere. */
  isUnseen: z.boolean().default(false),
})

export const rotateKeySchema = z.strictObject({
  /** For so long the old key is good beside the new one. */
  graceHours: z.number().min(0).max(720).default(24),
})

/** Days for which usage is kept. */
const MAX_USAGE_DAYS = 90

export const usageQuerySchema = z.object({
  days: z.coerce.number().int().min(1).max(MAX_USAGE_DAYS).default(30),
})

export const usageSchema = z.object({
  id: keyId,
  days: z.array(
    z.object({ day: z.iso.date(), model: z.string(), requests: z.int(), megapixels: z.number() }),
  ),
})

const healthState = z.enum([
  'usable',
  'slow-start',
  'ejected',
  'down',
  'cold',
  'half-open',
  'drained',
  'disabled',
  /** Its pool does not answer, or does not have it yet. */
  'unknown',
])

export const backendStatusSchema = z.object({
  id: z.string(),
  models: z.array(z.string()),
  kind: z.string(),
  state: healthState,
  /** Why it is in this state, in words; empty while it is usable. */
  reason: z.string(),
  /** When it changes by itself, if that is known. */
  until: timestamp.nullable(),
  slots: z.int(),
  leases: z.int(),
  /** It asked for time: until nothing is sent. */
  busyForMs: z.number(),
  /** Actual over predicted decode time. */
  speed: z.number(),
  samples: z.int(),
  /** Dead time between two decodes, learnt. */
  gapMs: z.number(),
})

export const poolSchema = z.object({
  name: z.string(),
  shard: z.string().nullable(),
  models: z.array(z.string()),
  /** False when its object does not answer; then nothing else is known but the configuration. */
  isReachable: z.boolean(),
  queued: z.int(),
  /** Until a job that came now would start. */
  waitMs: z.number(),
  backends: z.array(backendStatusSchema),
})

export const poolsSchema = z.object({ pools: z.array(poolSchema) })

export const orders = ['drain', 'enable', 'disable', 'probe'] as const

/** `POST /v1/admin/backends/{id}/{order}` answers with the backend as it is then. */
export const orderedBackendSchema = backendStatusSchema.extend({
  /** What a probe found: `pending` when that takes longer; null when none was asked for, or a job is about to tell. */
  found: z.enum(['passed', 'asleep', 'failed', 'pending']).nullable(),
})

/** What `/metrics` says, by metric; names and labels are those of docs/operations.md. */
export const metricsSchema = z.object({
  metrics: z.array(
    z.object({
      name: z.string(),
      type: z.enum(['counter', 'gauge', 'histogram']),
      help: z.string(),
      /** Those of a histogram are named as in the text: `_bucket` with `le`, `_sum` and `_count`. */
      samples: z.array(
        z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() }),
      ),
    }),
  ),
})

/** The effective configuration; every secret is `***` or absent. */
export const configSchema = z.looseObject({})

export type CreateKey = z.input<typeof createKeySchema>
export type Key = z.infer<typeof keySchema>
export type MintedKey = z.infer<typeof mintedKeySchema>
export type KeyDetail = z.infer<typeof keyDetailSchema>
export type KeyPage = z.infer<typeof keyPageSchema>
export type Usage = z.infer<typeof usageSchema>
export type BackendStatus = z.infer<typeof backendStatusSchema>
export type PoolReport = z.infer<typeof poolSchema>
export type OrderedBackend = z.infer<typeof orderedBackendSchema>
export type Order = (typeof orders)[number]
