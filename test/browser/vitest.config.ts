import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { buildAssets } from '../../src/local/assets.ts'

await buildAssets()

/** `npm run test:browser`: pages in Chromium, which `npm test` does without. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
