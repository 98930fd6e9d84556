import type { Config } from '../config.ts'

/**
 * What `npm start` says: the URL, a key, the playground with that key, and a line to paste that decodes a real latent.
 *
 * @param secretsFile that the admin token can be looked up in; it is not shown, since terminals are
 */
export function greeting(url: string, key: string, config: Config, secretsFile: string): string {
  const served = new Set(config.backends.flatMap(({ models }) => models))
  const previewed = config.backends.filter(({ kind }) => kind === 'preview').flatMap(({ models }) => models)
  const note =
    previewed.length > 0
      ? `${served.size} models, ${previewed.length} of them as approximate previews without a GPU`
      : `${served.size} models`
  const lines = [
    '',
    `  vae-gateway serves ${note}`,
    '',
    `  url   ${url}`,
    `  key   ${key}`,
    ...(config.adminToken ? [`  admin ${url}/v1/admin/, with the ADMIN_TOKEN of ${secretsFile}`] : []),
    '',
    '  Try it in a browser:',
    '',
    `  ${url}/#key=${key}`,
    '',
    ...(served.has('sd-v1')
      ? ['  Decode a photograph, from another terminal in this folder:', '', curl(url, key), '']
      : []),
    '  Stop with Ctrl-C. One line of JSON per request follows.',
    '',
  ]
  return `${lines.join('\n')}\n`
}

function curl(url: string, key: string): string {
  const query =
    'shape=1&shape=4&shape=64&shape=64&dtype=float16&scaling_factor=0.18215&output_type=pil&image_format=png'
  return [
    `curl --fail-with-body -o astronaut.png '${url}/sd-v1?${query}' \\`,
    `  -H 'Authorization: Bearer ${key}' -H 'Content-Type: tensor/binary' -H 'Accept: image/png' \\`,
    `  --data-binary @samples/sd-v1.astronaut.1x4x64x64.f16.bin`,
  ].join('\n')
}
