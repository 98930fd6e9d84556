/** What was learnt of a backend as text. What another release wrote, or a disk damaged, is learnt anew. */
import { z } from 'zod'
import type { Memory } from './initial.ts'
import { UNKNOWN_TIMES } from './service-times.ts'
import type { BackendState } from './state.ts'

const VERSION = 2

type Learnt = Pick<Memory, 'times'>

export const NOTHING_LEARNT: Learnt = { times: UNKNOWN_TIMES }

const positive = z.number().positive().finite()
const atLeastNone = z.number().nonnegative().finite()
const point = z.object({
  sizeMs: positive,
  meanMs: positive,
  deviationMs: atLeastNone,
  leastMs: positive,
  samples: z.int().positive(),
})
const learnt = z.object({
  v: z.literal(VERSION),
  times: z.object({
    curves: z.array(z.object({ task: z.string(), points: z.array(point) })),
    deadMs: atLeastNone,
    coldStart: z.object({ meanMs: positive, leastMs: positive }).nullable(),
  }),
})

export const formatLearnt = ({ times }: Pick<BackendState, 'times'>): string =>
  JSON.stringify({ v: VERSION, times })

export function readLearnt(text: string | null): Learnt | undefined {
  if (text === null) return undefined
  try {
    const read = learnt.safeParse(JSON.parse(text))
    return read.success ? { times: read.data.times } : undefined
  } catch {
    return undefined
  }
}
