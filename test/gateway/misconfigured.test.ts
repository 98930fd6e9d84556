/** A Worker whose configuration is refused says so and serves nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { problemOf } from '../support/client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({
    BACKENDS: [{ id: 'a', url: 'http://10.0.0.1/', models: ['sdxl'] }],
  })
})
afterAll(() => gateway.stop())

test('P13: every route but /health is 500 misconfigured, and the reason stands in the log only', async () => {
  for (const path of ['/ready', '/v1/models', '/sdxl']) {
    const problem = await problemOf(await fetch(`${gateway.url}${path}`))
    expect(problem).toMatchObject({ status: 500, code: 'misconfigured' })
    expect(JSON.stringify(problem)).not.toContain('10.0.0.1')
  }
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  expect(gateway.log.join('\n')).toContain('vars.BACKENDS[0].url')
})
