/** What the scheduler is measured against, from naive to good, with the names that the table shows. */
import { centralPolicy } from './central.ts'
import * as choices from './choices.ts'
import type { PolicyFactory } from './policy.ts'
import { pushPolicy } from './push.ts'

const BASELINES = {
  random: pushPolicy(() => choices.uniformly),
  'round robin': pushPolicy(choices.inRotation),
  'peak EWMA': pushPolicy(() => choices.peakEwma),
  'P2C, local': pushPolicy(() => choices.twoChoicesLocal),
  'P2C, global': pushPolicy(() => choices.twoChoicesGlobal),
  JIQ: pushPolicy(() => choices.idleElseAny),
  JSQ: pushPolicy(() => choices.shortestQueue),
  'central, strict': centralPolicy(false),
  'least work': pushPolicy(() => choices.leastWorkLeft),
  'central, early': centralPolicy(true),
} as const satisfies Record<string, PolicyFactory>

export type BaselineName = keyof typeof BASELINES

export const BASELINE_NAMES = Object.keys(BASELINES) as readonly BaselineName[]

export const baseline = (name: BaselineName): PolicyFactory => BASELINES[name]
