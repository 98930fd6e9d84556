/** Apart from the registry, so that a page can tell without carrying the catalog. */
import type { VaeModel } from './vae.ts'

/** A model whose geometry is known: everything that is served. */
export type ServableModel = VaeModel & { readonly channels: number; readonly spatialCompression: number }

export const isServable = (model: VaeModel): model is ServableModel =>
  model.channels !== null && model.spatialCompression !== null
