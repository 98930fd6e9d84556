/** What is done with a model: its latents are decoded, or pictures are encoded to them. */
export const OPERATIONS = ['decode', 'encode'] as const
export type Operation = (typeof OPERATIONS)[number]

/**
 * The name under which a pool knows the work: the model's id for a decode, `sdxl:encode` for an encode. To a pool they are
 * two models, which a backend may serve both, or one of.
 */
export const taskOf = (modelId: string, operation: Operation): string =>
  operation === 'decode' ? modelId : `${modelId}:${operation}`

/** What a task is made of. */
export function partsOfTask(task: string): { modelId: string; operation: Operation } {
  const [modelId = '', operation] = task.split(':')
  return { modelId, operation: operation === 'encode' ? 'encode' : 'decode' }
}

/** All that a backend does; decodes where nothing else is said. */
export const tasksOf = ({
  models,
  operations = ['decode'],
}: {
  readonly models: readonly string[]
  readonly operations?: readonly Operation[]
}): readonly string[] =>
  operations.flatMap((operation) => models.map((modelId) => taskOf(modelId, operation)))
