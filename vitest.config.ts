import { fileURLToPath } from 'node:url'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { buildAssets } from './src/local/assets.ts'

// Once, for all gateways that tests start.
await buildAssets()

/** Mediabunny leaves Node's file system out by a map that the test runner does not read; its bundle does without. */
const mediabunny = fileURLToPath(
  new URL('./node_modules/mediabunny/dist/bundles/mediabunny.mjs', import.meta.url),
)

export default defineConfig({
  test: {
    // Much of the time is spent waiting, on purpose; fewer workers would have cores idle.
    maxWorkers: 3,
    // The Worker's own log is not what a reader of the results looks for.
    onConsoleLog: (text) => !text.startsWith('{"time":'),
    projects: [
      // Pure code: plain Node.
      // Properties are tried some thousand times, which a busy machine takes its time for.
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'bench/**/*.test.ts', 'public/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      // What needs the runtime from inside: objects, leases, eviction.
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            // Whatever stands in somebody's .dev.vars.
            miniflare: { bindings: { KEY_SECRETS: '{"1":"AAECAwQFBgcICQoLDA0ODw=="}', ADMIN_TOKEN: '' } },
            verbose: false,
          }),
        ],
        resolve: { alias: { mediabunny } },
        test: { name: 'worker', include: ['test/worker/**/*.test.ts'] },
      },
      // The whole gateway from outside: real sockets to it, real sockets from it.
      {
        test: {
          name: 'gateway',
          include: [
            'gateway',
            'compatibility',
            'faults',
            'soak',
            'cli',
            'limits',
            'documents',
            'client',
            'privacy',
            'security',
            'fuzz',
          ].map((folder) => `test/${folder}/**/*.test.ts`),
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
