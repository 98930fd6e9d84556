/** A gateway that gives things away: what is changed in a copy of the source, and where that must be found. */
import { cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kind } from './canary.ts'

export interface Leak {
  readonly name: string
  readonly file: string
  /** Text that stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** What is found then, and in which sinks. */
  readonly gives: readonly (readonly [kind: Kind, sink: RegExp])[]
}

const IDENTIFY = "    c.set('startedAt', ambient.now())\n"

export const leaks: readonly Leak[] = [
  {
    name: 'logs URLs',
    file: 'src/http/middleware.ts',
    find: IDENTIFY,
    replace: `${IDENTIFY}    console.log(JSON.stringify({ url: c.req.url }))\n    console.error(btoa(JSON.stringify([...c.req.raw.headers])))\n`,
    gives: [
      ['query', /^out/],
      ['path', /^out/],
      ['key', /^out/],
      ['header', /^out/],
    ],
  },
  {
    name: 'tells a client what another one’s browser is',
    file: 'src/http/middleware.ts',
    find: "    c.res.headers.set('x-content-type-options', 'nosniff')\n",
    replace: `    const g = globalThis as unknown as { last?: string }
    c.res.headers.set('x-content-type-options', g.last ?? 'nosniff')
    g.last = c.req.header('user-agent')\n`,
    gives: [['header', /^answer/]],
  },
  {
    name: 'counts by browser',
    file: 'src/http/admit.ts',
    find: '{ model: model.id, megapixels }',
    replace: "{ model: request.headers.get('user-agent') ?? model.id, megapixels }",
    gives: [['header', /^data: .*sqlite/]],
  },
  {
    name: 'keeps latents in a cache',
    file: 'src/http/routes/decode.ts',
    find: '  const uploadedAt = ambient.now()\n',
    replace: `  await caches.default.put(\`https://cache.example/\${requestId}\`, new Response(body.slice(0), { headers: { 'cache-control': 'max-age=600' } }))
  const uploadedAt = ambient.now()\n`,
    gives: [['latent', /^data/]],
  },
  {
    name: 'passes on whatever a backend says',
    file: 'src/privacy/response-headers.ts',
    find: 'value !== null && HARMLESS.test(value)',
    replace: 'value !== null',
    gives: [['upstream', /^answer/]],
  },
  {
    name: 'passes on parameters that it does not know',
    file: 'src/http/routes/decode.ts',
    find: 'query: order.upstreamQuery,',
    replace: 'query: params,',
    gives: [['query', /^backends/]],
  },
  {
    name: 'logs errors of backends',
    file: 'src/dispatch/classify.ts',
    find: '  if (OUT_OF_MEMORY.test(head))',
    replace: '  console.warn(head)\n  if (OUT_OF_MEMORY.test(head))',
    gives: [
      ['upstream', /^out/],
      ['latent', /^out/],
    ],
  },
]

const PARTS = ['src', 'public', 'samples', 'package.json', 'tsconfig.json', 'wrangler.toml']

/** A copy of the project with all of the leaks in it. */
export function leakyTree(tree: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-leaky-'))
  for (const part of PARTS.filter((part) => existsSync(join(tree, part)))) {
    cpSync(join(tree, part), join(folder, part), { recursive: true })
  }
  symlinkSync(join(tree, 'node_modules'), join(folder, 'node_modules'))
  for (const { name, file, find, replace } of leaks) {
    const path = join(folder, file)
    const parts = readFileSync(path, 'utf8').split(find)
    if (parts.length !== 2)
      throw new Error(`A gateway that ${name}: ${file} has the place ${parts.length - 1} times.`)
    writeFileSync(path, parts.join(replace))
  }
  return folder
}
