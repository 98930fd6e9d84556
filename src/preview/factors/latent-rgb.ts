/** A linear map from one latent element to a pixel in -1..1: pixel = element @ factors + bias. */
export interface LatentRgb {
  /** [channel][red, green, blue] */
  readonly factors: readonly (readonly number[])[]
  readonly bias: readonly number[]
}
