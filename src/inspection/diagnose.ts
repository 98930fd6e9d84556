/** From a latent's numbers and what shall be done with them to what is likely to be wrong. */
import type { VaeModel } from '../models/vae.ts'
import type { ScalingRequest } from '../wire/decode-query.ts'
import type { Warning } from './codes.ts'
import type { Measurements } from './measure.ts'
import { appliedStd, rawStd } from './scale.ts'

/** Fewer numbers than these spread by chance. */
const MIN_COUNT = 256

/** Photographs have 0.6 to 1.2, noise has 1; pictures of one colour have less than any of them. */
const USUAL = { least: 0.42, most: 1.6 } as const

/** Below this even a picture of one colour does not come. */
const HARDLY_ANY = 0.1

/**
 * @param known models whose factors are recognised
 * @returns what looks wrong, the surest first; never more than one thing about the scale
 */
export function diagnose(
  measured: Measurements,
  model: VaeModel,
  asked: ScalingRequest,
  known: readonly VaeModel[],
): readonly Warning[] {
  if (measured.isZero) return [{ code: 'latent-all-zero', facts: {} }]
  const constants = asked.kind === 'explicit' ? judgeConstants(model, asked, known) : undefined
  if (constants) return [constants]
  const scale = judgeScale(measured, model, asked)
  return scale ? [scale] : []
}

type Explicit = Extract<ScalingRequest, { kind: 'explicit' }>

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= Math.abs(b) * 1e-3

const factorOf = ({ scaling }: VaeModel): number | undefined =>
  scaling.kind === 'factor' || scaling.kind === 'statistics' ? scaling.factor : undefined

/** A factor of 1 changes nothing, so it says nothing about the model: the client may have scaled by itself. */
function judgeConstants(model: VaeModel, asked: Explicit, known: readonly VaeModel[]): Warning | undefined {
  const own = factorOf(model)
  if (own === undefined || asked.factor === 1) return undefined
  if (isClose(asked.factor, own)) {
    if (model.scaling.kind !== 'factor' || Math.abs(asked.shift - model.scaling.shift) < 1e-3)
      return undefined
    return { code: 'shift-factor-differs', facts: { sent: asked.shift, expected: model.scaling.shift } }
  }
  const others = known.filter((other) => isClose(asked.factor, factorOf(other) ?? Number.NaN))
  const other = others.find(({ channels }) => channels === model.channels) ?? others[0]
  if (!other) return undefined
  return {
    code: 'scaling-factor-of-another-model',
    facts: { sent: asked.factor, expected: own, model: other.id },
  }
}

function judgeScale(
  { count, std }: Measurements,
  model: VaeModel,
  asked: ScalingRequest,
): Warning | undefined {
  const raw = rawStd(model.scaling)
  if (raw === undefined || count < MIN_COUNT) return undefined
  const applied = appliedStd(std, asked, raw)
  const isUsual = (deviation: number): boolean => deviation >= USUAL.least && deviation <= USUAL.most
  const facts = { std, expected: std / applied }
  const isUnscaled = asked.kind === 'none' || (asked.kind === 'explicit' && asked.factor === 1)
  if (applied > USUAL.most) {
    const code = !isUnscaled && isUsual(std / raw) ? 'latent-scaled-twice' : 'latent-scale-unusual'
    return { code, facts }
  }
  if (applied < USUAL.least && isUnscaled && isUsual(std)) return { code: 'latent-not-scaled', facts }
  return applied < HARDLY_ANY ? { code: 'latent-scale-unusual', facts } : undefined
}
