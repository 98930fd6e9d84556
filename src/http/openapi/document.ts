/** The OpenAPI document: made from the schemas that requests are read with and the table of problems. */
import { adminPaths } from './admin.ts'
import { componentSchemas } from './components.ts'
import { decodePaths } from './decode.ts'
import { encodePaths } from './encode.ts'
import { publicPaths } from './public.ts'
import type { Json } from './schema.ts'

const DESCRIPTION = `One decode URL in front of a pool of VAE decoders, in the protocol of diffusers' \`remote_decode\`.

Every error is a problem document (RFC 9457). A path asked with another method answers 405 \`method-not-allowed\`, one
that there is not 404 \`not-found\`. Query parameters that are not described are ignored.`

const bearer = (description: string): Json => ({ type: 'http', scheme: 'bearer', description })

const keySchemes = {
  bearer: bearer('The API key.'),
  basic: { type: 'http', scheme: 'basic', description: 'The API key as user or as password.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The API key.' },
}

/** @param hasAdmin whether this gateway has an admin API; one that has none does not describe it */
export function openapiDocument(hasAdmin: boolean): Json {
  const paths: Record<string, object> = {}
  const parts = [publicPaths(), decodePaths(), encodePaths(), ...(hasAdmin ? [adminPaths()] : [])]
  for (const [path, item] of parts.flatMap((part) => Object.entries(part))) {
    paths[path] = { ...paths[path], ...(item as object) }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'vae-gateway', version: '1', description: DESCRIPTION, license: LICENSE },
    servers: [{ url: '/' }],
    tags: [...TAGS, ...(hasAdmin ? [ADMIN_TAG] : [])],
    paths,
    components: {
      schemas: componentSchemas(hasAdmin),
      securitySchemes: { ...keySchemes, ...(hasAdmin && { adminToken: bearer('The admin token.') }) },
    },
  }
}

/** In the order in which readers will want them. */
const TAGS = [
  { name: 'decode', description: 'A latent in, a picture, tensor or video out.' },
  { name: 'encode', description: 'A picture in, a latent out, where some backend encodes.' },
  { name: 'models', description: 'What is served, and whether a decode would start now.' },
  { name: 'problems', description: 'What codes in answers mean.' },
  { name: 'state', description: 'Of the gateway.' },
  { name: 'pages', description: 'For people.' },
]
const ADMIN_TAG = { name: 'admin', description: 'Keys, pools and backends, for who has the admin token.' }

const LICENSE = { name: 'Apache-2.0', identifier: 'Apache-2.0' }
