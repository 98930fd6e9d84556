import { findModel } from './registry.ts'

/** Whether a list of ids and aliases has the model; `*` is every model. */
export const allowsModel = (names: readonly string[], id: string): boolean =>
  names.some((name) => name === '*' || findModel(name)?.id === id)
