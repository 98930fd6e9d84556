/** The routes that carry pictures: what each takes a request for. */
import type { AppContext } from '../context.ts'
import { serve } from '../serve.ts'

export const decode = (c: AppContext): Promise<Response> => serve(c, () => 'decode')

export const encode = (c: AppContext): Promise<Response> => serve(c, () => 'encode')

/** For a URL that is both: every client that decodes says `output_type`, or has its latent in JSON. */
export const decodeOrEncode = (c: AppContext): Promise<Response> =>
  serve(c, ({ params, isJson }) => (params.has('output_type') || isJson ? 'decode' : 'encode'))
