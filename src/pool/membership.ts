/** Which pool serves a model. */
import type { Backend } from '../backends/backend.ts'

export const servesModel = (backend: Backend, model: string): boolean => backend.models.includes(model)

/**
 * The name of the pool that a model's backends belong to; undefined when none serves it. Models that share a
 * backend share its slots, so they share a pool: it consists of every backend that is reachable over common models
 * and is named after the first.
 */
export function poolNameOf(backends: readonly Backend[], model: string): string | undefined {
  const members = new Set(backends.filter((backend) => servesModel(backend, model)))
  // A Set visits what is added while it is walked.
  for (const member of members) {
    for (const other of backends) {
      if (other.models.some((id) => member.models.includes(id))) members.add(other)
    }
  }
  return backends.find((backend) => members.has(backend))?.id
}
