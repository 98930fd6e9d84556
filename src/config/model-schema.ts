/** An entry of [[vars.MODELS]]. What has to be there depends on whether its model is built in. */
import * as z from 'zod'
import { LATENT_DTYPES } from '../wire/dtype.ts'

const finite = z.number().refine(Number.isFinite, 'a finite number')
const positive = finite.refine((value) => value > 0, 'a number above 0')
const modelName = z
  .string()
  .regex(/^[\w][\w.-]{0,63}$/, 'letters, digits, dots, dashes and underscores, at most 64')

export const modelSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'lower-case letters, digits, dots and dashes, at most 63'),
  aliases: z.array(modelName).optional(),
  kind: z.enum(['image', 'video']).optional(),
  channels: z.int().min(1).max(1024).optional(),
  spatialCompression: z.int().min(1).max(128).optional(),
  frames: z
    .strictObject({ kind: z.enum(['causal', 'uniform', 'parity']), stride: z.int().min(1).max(64) })
    .optional(),
  layouts: z
    .array(z.enum(['BCHW', 'BCTHW', 'BTCHW', 'BTHWC']))
    .min(1)
    .optional(),
  packing: z.enum(['flux-2x2', 'flux2-patchify', 'ltx-flatten']).optional(),
  scalingFactor: positive.optional(),
  shiftFactor: finite.optional(),
  latentsMean: z.array(finite).optional(),
  latentsStd: z.array(positive).optional(),
  dtype: z.enum(LATENT_DTYPES).optional(),
  diffusersClass: z.string().optional(),
  checkpoint: z.string().optional(),
  maxMegapixels: positive.optional(),
  maxFrames: z.int().min(1).optional(),
})

export type ModelSettings = z.infer<typeof modelSchema>
