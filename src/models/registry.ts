import { catalog } from './catalog/index.ts'
import type { VaeModel } from './vae.ts'

export { isServable, type ServableModel } from './servable.ts'

/** Models and the names they are found by. */
export interface Registry {
  readonly all: readonly VaeModel[]
  /** A model by its id or an alias, in any case; undefined when there is none. */
  find(name: string): VaeModel | undefined
}

export function createRegistry(models: readonly VaeModel[]): Registry {
  const byName = new Map(
    models.flatMap((model) =>
      [model.id, ...model.aliases].map((name) => [name.toLowerCase(), model] as const),
    ),
  )
  return { all: models, find: (name) => byName.get(name.toLowerCase()) }
}

/** The models that every gateway knows; those of a deployment are in its configuration. */
export const builtIn = createRegistry(catalog)

export const findModel = builtIn.find

export const allModels = builtIn.all
