import { findModel } from './registry.ts'

/** Whether a list of ids and aliases has the model; `*` is every model. Models of an operator are named by id. */
export const allowsModel = (names: readonly string[], id: string): boolean =>
  names.some((name) => name === '*' || name === id || findModel(name)?.id === id)
