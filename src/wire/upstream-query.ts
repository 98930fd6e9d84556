import type { DecodeQuery } from './decode-query.ts'

/**
 * The query a backend gets: only what we parsed, written as diffusers writes it. "No scaling" is said with
 * `do_scaling=False`, because some handlers scale when nothing is said.
 *
 * @param shape the latent's shape as the backend shall read it, which may differ in rank from the client's
 */
export function upstreamQuery(
  query: DecodeQuery,
  shape: readonly number[],
  outputType: 'pil' | 'pt' | 'mp4',
  packed: boolean,
): URLSearchParams {
  const params = new URLSearchParams()
  params.set('image_format', query.imageFormat)
  params.set('output_type', outputType)
  params.set('partial_postprocess', query.partialPostprocess ? 'True' : 'False')
  for (const size of shape) params.append('shape', String(size))
  params.set('dtype', query.dtype)
  switch (query.scaling.kind) {
    case 'explicit':
      params.set('scaling_factor', String(query.scaling.factor))
      if (query.scaling.shift !== 0) params.set('shift_factor', String(query.scaling.shift))
      break
    case 'model':
      params.set('do_scaling', 'True')
      break
    case 'none':
      params.set('do_scaling', 'False')
      break
  }
  if (packed && query.size) {
    params.set('height', String(query.size.height))
    params.set('width', String(query.size.width))
  }
  return params
}
