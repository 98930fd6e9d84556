import { catalog } from './catalog/index.ts'
import type { VaeModel } from './vae.ts'

/** A model whose geometry is known: everything that is served. */
export type ServableModel = VaeModel & { readonly channels: number; readonly spatialCompression: number }

export const isServable = (model: VaeModel): model is ServableModel =>
  model.channels !== null && model.spatialCompression !== null

const byName = new Map(
  catalog.flatMap((model) =>
    [model.id, ...model.aliases].map((name) => [name.toLowerCase(), model] as const),
  ),
)

/** A model by its id or an alias, in any case; undefined when there is none. */
export const findModel = (name: string): VaeModel | undefined => byName.get(name.toLowerCase())

export const allModels: readonly VaeModel[] = catalog
