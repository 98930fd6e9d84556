/** The settings of [vars], with every default. */
import * as z from 'zod'
import { MAX_MEGAPIXELS } from '../limits/bounds.ts'
import { OPERATIONS } from '../models/operation.ts'
import { MAX_DEADLINE_MS, MIN_DEADLINE_MS } from '../wire/deadline.ts'
import { modelSchema } from './model-schema.ts'

/** Names of models, which are looked up once the operator's own are read. */
const modelList = z.array(z.string()).min(1)

const shardName = z.string().regex(/^[a-z0-9-]{1,32}$/, 'lower-case letters, digits and dashes, at most 32')

/** Regions that the platform knows for its objects. */
const LOCATION_HINTS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const
const CONTINENTS = ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'] as const

const shardSchema = z.strictObject({
  /** Where its pools' objects shall live; near its backends. */
  locationHint: z.enum(LOCATION_HINTS).optional(),
  /** Continents whose clients it is home to. */
  continents: z.array(z.enum(CONTINENTS)).default([]),
})

const backendSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes, at most 63'),
  url: z.string().optional(),
  models: modelList,
  kind: z.enum(['huggingface', 'vae-backend', 'preview']).default('vae-backend'),
  /** What it does with its models. */
  operations: z.array(z.enum(OPERATIONS)).min(1).default(['decode']),
  tokenSecret: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of a secret')
    .optional(),
  slots: z.int().min(1).max(256).optional(),
  scaleToZero: z.boolean().default(false),
  /** How long a request without a deadline of its own waits for it to wake up. */
  coldStartWaitMs: z.int().min(MIN_DEADLINE_MS).max(MAX_DEADLINE_MS).default(600_000),
  abortable: z.boolean().optional(),
  shard: shardName.optional(),
})

const count = z.int().positive().optional()
const megapixels = z.number().positive().max(MAX_MEGAPIXELS).optional()

export const planSchema = z.strictObject({
  requestsPerMinute: count,
  /** Output width x height x frames / 1e6. */
  megapixelsPerMinute: megapixels,
  /** Requests at a time. */
  concurrency: count,
  /** Per calendar month, UTC. */
  megapixelsPerMonth: megapixels,
  models: modelList.default(['*']),
})

export const dispatchSchema = z.strictObject({
  /** Time a request may take in all, from its last uploaded byte to the first byte of the answer. */
  deadlineMs: z.int().min(MIN_DEADLINE_MS).max(MAX_DEADLINE_MS).default(60_000),
  /** Least time one attempt gets; a decode predicted to be long gets more. */
  attemptTimeoutMs: z.int().min(100).max(120_000).default(20_000),
  /** Answers up to this size are received whole before the first byte goes to the client. */
  commitBytes: z.int().min(0).max(33_554_432).default(4_194_304),
  /** Bytes of uploads and held answers in one isolate, which has 128 MB for everything. */
  bodyBudgetBytes: z.int().min(1_048_576).max(100_000_000).default(40_000_000),
})

export const varsSchema = z.strictObject({
  MODELS: z.array(modelSchema).default([]),
  BACKENDS: z.array(backendSchema).min(1, 'at least one backend'),
  PLANS: z.record(z.string().regex(/^[a-z0-9-]{1,32}$/), planSchema).default({}),
  DISPATCH: z.prefault(dispatchSchema, {}),
  ANONYMOUS: z.strictObject({ plan: z.string() }).optional(),
  /** Who says where a client is: Cloudflare does in a header, which anybody could send where it is not in front. */
  CLIENT_ADDRESS: z.enum(['platform', 'unknown']).default('platform'),
  SHARDS: z.record(shardName, shardSchema).default({}),
})
