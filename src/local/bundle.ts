import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * The Worker as one module, made as wrangler makes it. Takes a tenth of a second, so it is never cached.
 *
 * @param entry where it begins
 */
export async function bundleWorker(entry = new URL('../worker.ts', import.meta.url)): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    write: false,
    logLevel: 'silent',
  })
  const [output] = result.outputFiles
  if (!output) throw new Error('The bundler gave no output.')
  return output.text
}
