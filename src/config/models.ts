/** [[vars.MODELS]]: models of the operator's own, and tighter limits for those that are built in. */
import { builtIn, createRegistry, type Registry } from '../models/registry.ts'
import type { Scaling, VaeModel } from '../models/vae.ts'
import { checkNames, checkNarrowing, checkNew } from './model-checks.ts'
import type { ModelSettings } from './model-schema.ts'
import type { ConfigProblem } from './problem.ts'

/** The registry of a deployment: built-in models, narrowed where it says so, and its own behind them. */
export function readModels(entries: readonly ModelSettings[]): {
  registry: Registry
  problems: readonly ConfigProblem[]
} {
  const problems: ConfigProblem[] = []
  const narrowed = new Map<string, VaeModel>()
  const added: VaeModel[] = []
  for (const [index, settings] of entries.entries()) {
    const known = builtIn.all.find(({ id }) => id === settings.id)
    const complaints = known ? checkNarrowing(settings, known) : checkNew(settings)
    if (entries.findIndex(({ id }) => id === settings.id) < index) complaints.push(['id', 'there twice'])
    if (complaints.length === 0 && known) narrowed.set(known.id, { ...known, limits: limitsOf(settings) })
    if (complaints.length === 0 && !known) {
      const model = readModel(settings)
      complaints.push(...checkNames(model, createRegistry([...builtIn.all, ...added])))
      added.push(model)
    }
    problems.push(...complaints.map(([key, message]) => ({ path: ['vars', 'MODELS', index, key], message })))
  }
  const all = [...builtIn.all.map((model) => narrowed.get(model.id) ?? model), ...added]
  return { registry: entries.length === 0 ? builtIn : createRegistry(all), problems }
}

const limitsOf = ({ maxMegapixels, maxFrames }: ModelSettings): NonNullable<VaeModel['limits']> => ({
  ...(maxMegapixels !== undefined && { maxMegapixels }),
  ...(maxFrames !== undefined && { maxFrames }),
})

/** An entry that is checked, as a model like any other. */
function readModel(settings: ModelSettings): VaeModel {
  const { id, aliases = [], kind = 'image', channels = 1, spatialCompression = 1, packing, dtype } = settings
  return {
    id,
    aliases,
    kind,
    latentSpace: id,
    diffusersClass: settings.diffusersClass ?? 'AutoencoderKL',
    checkpoint: settings.checkpoint ?? null,
    channels,
    spatialCompression,
    frames: settings.frames ?? { kind: 'still' },
    layouts: settings.layouts ?? [kind === 'video' ? 'BCTHW' : 'BCHW'],
    packing: packing ?? null,
    scaling: readScaling(settings),
    dtype: dtype ?? null,
    outputs: kind === 'video' ? ['pil', 'pt', 'mp4'] : ['pil', 'pt'],
    sources: [],
    limits: limitsOf(settings),
  }
}

function readScaling({ scalingFactor, shiftFactor = 0, latentsMean, latentsStd }: ModelSettings): Scaling {
  if (latentsMean && latentsStd) {
    return { kind: 'statistics', mean: latentsMean, std: latentsStd, factor: scalingFactor ?? 1 }
  }
  if (scalingFactor === undefined) return { kind: 'checkpoint' }
  return { kind: 'factor', factor: scalingFactor, shift: shiftFactor }
}
