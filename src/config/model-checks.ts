/** Whether an entry of [[vars.MODELS]] makes sense. */
import { defaultMaxMegapixels } from '../models/cost.ts'
import type { Registry } from '../models/registry.ts'
import type { Layout, VaeModel } from '../models/vae.ts'
import type { ModelSettings } from './model-schema.ts'

/** What is wrong with a setting of the entry. */
export type Complaint = readonly [key: string, message: string]

/** First steps of paths that are no models. */
const RESERVED = new Set(
  'admin assets dashboard docs health k metrics openapi.json problems ready v1 warnings'.split(' '),
)

/** What is known of a built-in model is not the operator's to change, and memory bounds what may be decoded. */
export function checkNarrowing(settings: ModelSettings, model: VaeModel): Complaint[] {
  const { id, maxMegapixels, maxFrames, ...facts } = settings
  const complaints = Object.keys(facts).map(
    (key): Complaint => [key, `${id} is built in; only maxMegapixels and maxFrames can be set`],
  )
  const most = defaultMaxMegapixels(model)
  if (maxMegapixels !== undefined && maxMegapixels > most) {
    complaints.push(['maxMegapixels', `at most ${most}, which ${id} has without it`])
  }
  if (maxFrames !== undefined && model.kind === 'image') {
    complaints.push(['maxFrames', `${id} makes pictures, which have no frames`])
  }
  return complaints
}

/** A model of the operator's own has to be described whole, and without contradiction. */
export function checkNew(settings: ModelSettings): Complaint[] {
  const complaints: Complaint[] = []
  const demand = (key: keyof ModelSettings, isFine: boolean, message: string): void => {
    if (!isFine) complaints.push([key, message])
  }
  const { kind, channels, frames, layouts = [], packing, latentsMean, latentsStd, maxFrames } = settings
  for (const key of ['kind', 'channels', 'spatialCompression'] as const) {
    demand(key, settings[key] !== undefined, 'missing; a model that is not built in needs it')
  }
  const isVideo = kind === 'video'
  demand('frames', !isVideo || frames !== undefined, 'missing; a video model needs it')
  demand('frames', isVideo || frames === undefined, 'only video models have frames')
  demand('maxFrames', isVideo || maxFrames === undefined, 'only video models have frames')
  demand('layouts', !isVideo || layouts.every(hasFrames), 'a video has the axis T')
  demand(
    'packing',
    packing === undefined || isVideo === (packing === 'ltx-flatten'),
    `not for a ${kind} model`,
  )
  const perChannel = (channels ?? 0) * (packing === 'flux2-patchify' ? 4 : 1)
  const isStatistics = latentsMean !== undefined || latentsStd !== undefined
  for (const key of ['latentsMean', 'latentsStd'] as const) {
    demand(key, !isStatistics || settings[key]?.length === perChannel, `expected ${perChannel} numbers`)
  }
  const isShiftable = settings.scalingFactor !== undefined && !isStatistics
  demand(
    'shiftFactor',
    settings.shiftFactor === undefined || isShiftable,
    'only beside a scalingFactor alone',
  )
  return complaints
}

const hasFrames = (layout: Layout): boolean => layout.includes('T')

/** Names that somebody else has. */
export function checkNames(model: VaeModel, registry: Registry): Complaint[] {
  const names: [string, string][] = [
    ['id', model.id],
    ...model.aliases.map((name): [string, string] => ['aliases', name]),
  ]
  return names.flatMap(([key, name]): Complaint[] => {
    if (RESERVED.has(name.toLowerCase())) return [[key, `"${name}" is a path of the gateway`]]
    const other = registry.find(name)
    return other ? [[key, `"${name}" is a name of ${other.id}`]] : []
  })
}
