/** Models of the registry, by the names that tests use. */
import { allModels, findModel, isServable, type ServableModel } from '../../src/models/registry.ts'

export function servable(name: string): ServableModel {
  const model = findModel(name)
  if (model && isServable(model)) return model
  throw new Error(`Expected a servable model, got ${name}`)
}

export const servableModels: readonly ServableModel[] = allModels.filter(isServable)
