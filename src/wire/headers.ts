/** Names of the headers we write. Lower case, as fetch and HTTP/2 have them. */
export const HEADER = {
  shape: 'shape',
  dtype: 'dtype',
  requestId: 'x-request-id',
  attemptId: 'x-attempt-id',
  /** Time a request may take: from a client in all, to a backend what is left of it. */
  deadline: 'x-vae-deadline-ms',
  computeMs: 'x-compute-ms',
  /** How many decodes a backend can run in one batch. */
  batchCapacity: 'x-batch-capacity',
  model: 'x-vae-model',
  backend: 'x-vae-backend',
  attempts: 'x-vae-attempts',
  quality: 'x-vae-quality',
  /** What looks wrong about the latent: a structured list of codes. */
  warning: 'x-vae-warning',
  serverTiming: 'server-timing',
} as const

/** `[1,3,512,512]`, as the pilot printed it: no spaces. */
export const formatShape = (shape: readonly number[]): string => JSON.stringify(shape)

/** The `shape` header of a backend; undefined unless it is a JSON array of positive whole numbers. */
export function parseShape(text: string | null): number[] | undefined {
  if (text === null || text.length > 100 || !/^\[[0-9, ]+\]$/.test(text)) return undefined
  const sizes = text.slice(1, -1).split(',').map(Number)
  return sizes.every((size) => Number.isInteger(size) && size > 0) ? sizes : undefined
}
