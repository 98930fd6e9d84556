/** A row as it is written down; the last part says why there is no proof, or what of the promise is left without one. */
export type Entry = readonly [
  id: string,
  fault: string,
  promise: string,
  proofs: readonly string[],
  open?: string,
]

export const FAULTS = 'test/faults/'
export const DEPLOYED = 'needs a deployment: '
export const LATER = 'not there yet: '
