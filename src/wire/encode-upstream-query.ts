import type { EncodeQuery } from './encode-query.ts'

/**
 * The query a backend gets, written as diffusers writes it, which knows numbers only: a model's own factor goes as a
 * number. Statistics cannot, so their backends have to know them.
 *
 * @param own factor and shift of the model; undefined where it has statistics
 */
export function encodeUpstreamQuery(
  { tensor, scaling }: EncodeQuery,
  own: { readonly factor: number; readonly shift: number } | undefined,
): URLSearchParams {
  const params = new URLSearchParams()
  const factors = scaling.kind === 'model' ? own : scaling.kind === 'explicit' ? scaling : undefined
  if (factors) {
    params.set('scaling_factor', String(factors.factor))
    if (factors.shift !== 0) params.set('shift_factor', String(factors.shift))
  } else if (scaling.kind === 'model') params.set('do_scaling', 'True')
  for (const size of tensor?.shape ?? []) params.append('shape', String(size))
  if (tensor) params.set('dtype', tensor.dtype)
  return params
}
