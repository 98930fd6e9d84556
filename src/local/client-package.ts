/** The client as a package: one module, its types, no dependencies. */
import { execFile } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { projectDir } from './installation.ts'

/** Where `vae-gateway/client` leads in this project, and what `npm pack` makes a package of. */
export const clientDir = join(projectDir, 'dist', 'client')

/** The whole client for a page or a program, whichever runs it. */
export async function bundleClient(options: { readonly minify?: boolean } = {}): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(projectDir, 'src/client/index.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
    ...options,
  })
  const [output] = outputFiles
  if (!output) throw new Error('The bundler gave no output.')
  return output.text
}

/** @throws Error with the complaint of the bundler or the compiler */
export async function buildClient(folder = clientDir): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'index.js'), await bundleClient())
  await declareTypes(join(folder, 'types'))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
  copyFileSync(join(projectDir, 'docs/client.md'), join(folder, 'README.md'))
  copyFileSync(join(projectDir, 'LICENSE'), join(folder, 'LICENSE'))
}

async function declareTypes(folder: string): Promise<void> {
  const tsc = join(projectDir, 'node_modules/typescript/bin/tsc')
  const project = join(projectDir, 'src/client/tsconfig.json')
  await promisify(execFile)(process.execPath, [tsc, '--project', project, '--outDir', folder])
  // Sources are imported as they are called here; who has the package has none.
  for (const name of globSync('**/*.d.ts', { cwd: folder })) {
    const path = join(folder, name)
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"))
  }
}

/** @see package.json, whose dependencies are those of the gateway */
function manifest(): object {
  const { name, version, license, type } = JSON.parse(
    readFileSync(join(projectDir, 'package.json'), 'utf8'),
  ) as Record<string, string>
  return {
    name,
    version,
    description: 'Decode and encode through a vae-gateway, from browsers, Node, Deno and Workers',
    license,
    type,
    sideEffects: false,
    exports: { './client': { types: './types/client/index.d.ts', default: './index.js' } },
    engines: { node: '>=20' },
  }
}
