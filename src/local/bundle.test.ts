import { expect, test } from 'vitest'
import { bundleWorker } from './bundle.ts'

test('the Worker carries no OpenAPI document and nothing that makes one', async () => {
  const script = await bundleWorker()
  expect(script).toContain('problem+json')
  expect(script).not.toMatch(/operationId|openapi: "3/)
})
