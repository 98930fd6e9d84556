/** What the scheduler is measured against, from naive to good, with the names that the table shows. */
import { centralPolicy } from './central.ts'
import * as choices from './choices.ts'
import type { PolicyFactory } from './policy.ts'
import { pushPolicy } from './push.ts'

const BASELINES = {
  random: pushPolicy('random', () => choices.uniformly),
  'round robin': pushPolicy('round robin', choices.inRotation),
  'peak EWMA': pushPolicy('peak EWMA', () => choices.peakEwma),
  'P2C, local': pushPolicy('P2C, local', () => choices.twoChoicesLocal),
  'P2C, global': pushPolicy('P2C, global', () => choices.twoChoicesGlobal),
  JIQ: pushPolicy('JIQ', () => choices.idleElseAny),
  JSQ: pushPolicy('JSQ', () => choices.shortestQueue),
  'central, strict': centralPolicy('central, strict', false),
  'least work': pushPolicy('least work', () => choices.leastWorkLeft),
  'central, early': centralPolicy('central, early', true),
} as const satisfies Record<string, PolicyFactory>

export type BaselineName = keyof typeof BASELINES

export const BASELINE_NAMES = Object.keys(BASELINES) as readonly BaselineName[]

export const baseline = (name: BaselineName): PolicyFactory => BASELINES[name]
