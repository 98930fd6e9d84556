/** The JSON that is sent and answered, by name. */
import * as z from 'zod'
import {
  configSchema,
  createKeySchema,
  keyDetailSchema,
  keyPageSchema,
  keySchema,
  metricsSchema,
  mintedKeySchema,
  nothingSchema,
  orderedBackendSchema,
  poolsSchema,
  revokeKeySchema,
  rotateKeySchema,
  usageSchema,
} from '../../admin/contract.ts'
import { problemCodes } from '../../errors/codes.ts'
import { warningCodes } from '../../inspection/codes.ts'
import { jsonBodySchema } from '../../wire/json-body.ts'
import { type Json, jsonSchema } from './schema.ts'

const count = z.int().min(0)

const availability = z.object({
  status: z.enum(['available', 'recovering', 'cold', 'unavailable', 'unknown']),
  canTakeWork: count.describe('Backends that take a decode now.'),
  idle: count.describe('Those of them that have a slot free.'),
  wouldBeCold: z
    .boolean()
    .nullable()
    .describe('Whether a decode that came now would first have to wake a backend; null when nobody knows.'),
  waitMs: count
    .nullable()
    .describe('Until a decode that came now would start; null unless a backend takes it.'),
  states: z.record(z.string(), count).describe('Backends by their state.'),
})

const model = z.looseObject({
  id: z.string(),
  aliases: z.array(z.string()),
  kind: z.enum(['image', 'video']),
  latentSpace: z.string().describe('Models of one latent space decode each other’s latents.'),
  layouts: z.array(z.string()).describe('Orders of axes, `BCTHW`; the usual one first.'),
  packing: z.string().nullable().describe('How latents are flattened to tokens; null where they are not.'),
  /** Null where it is not known. */
  dtype: z.string().nullable(),
  outputs: z.array(z.enum(['pil', 'pt', 'mp4'])),
  operations: z.array(z.enum(['decode', 'encode'])),
  limits: z.object({ maxMegapixels: z.number(), maxFrames: z.int().nullable() }),
  served: z.boolean(),
  backends: z.array(z.object({ id: z.string(), kind: z.string() })),
  /** At this moment; null where it is not served. */
  availability: availability.nullable(),
  endpoint: z.string().nullable(),
  remoteDecode: z.string().nullable().describe('The call in Python; KEY stands for an API key.'),
})

const answerInJson = z.object({
  inputs: z.string().describe('The bytes of the answer in base64.'),
  parameters: z.union([
    z.object({ shape: z.array(z.int()), dtype: z.string() }),
    z.object({ media_type: z.string() }),
  ]),
})

const publicAnswers = {
  Problem: z.looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(problemCodes),
    requestId: z.string(),
    error: z.string(),
  }),
  ProblemKind: z.object({
    code: z.enum(problemCodes),
    status: z.int(),
    title: z.string(),
    meaning: z.string(),
  }),
  WarningKind: z.object({
    code: z.enum(warningCodes),
    title: z.string(),
    meaning: z.string(),
    remedy: z.string(),
  }),
  AnswerInJson: answerInJson,
  Health: z.object({ status: z.literal('ok') }),
  Ready: z.object({ status: z.literal('ready'), models: z.int(), backends: z.int() }),
  Model: model,
  Models: z.object({ models: z.array(model) }),
}

const publicRequests = { LatentInJson: jsonBodySchema }

const adminRequests = {
  CreateKey: createKeySchema,
  RotateKey: rotateKeySchema,
  RevokeKey: revokeKeySchema,
  Nothing: nothingSchema,
}

const adminAnswers = {
  Key: keySchema,
  MintedKey: mintedKeySchema,
  KeyDetail: keyDetailSchema,
  KeyPage: keyPageSchema,
  Usage: usageSchema,
  Pools: poolsSchema,
  OrderedBackend: orderedBackendSchema,
  Configuration: configSchema,
  Metrics: metricsSchema,
}

const described = (schemas: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Json =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema, io)]))

export const componentSchemas = (hasAdmin: boolean): Json => ({
  ...described(publicRequests, 'input'),
  ...described(publicAnswers, 'output'),
  ...(hasAdmin && { ...described(adminRequests, 'input'), ...described(adminAnswers, 'output') }),
})
