/** A process: the fake backends of all scenarios, a set of its own for each contender. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SCENARIOS, WARM_UP } from '../scenarios.ts'
import { FakeBackend } from './fake.ts'

async function open(scenario: string): Promise<number[]> {
  const { backends = [] } = [...SCENARIOS, WARM_UP].find(({ name }) => name === scenario) ?? {}
  return Promise.all(
    backends.map(async (backend, index) => {
      // Named alike for all contenders, so that none has luck that another has not.
      const server = new FakeBackend(backend, `${scenario} ${index}`).serve()
      server.keepAliveTimeout = 0
      server.requestTimeout = 0
      await once(server.listen(0, '127.0.0.1'), 'listening')
      return (server.address() as AddressInfo).port
    }),
  )
}

const [contenders = [], scenarios = []] = process.argv.slice(2).map((text) => text.split('\n'))
const ports = scenarios.map(async (scenario) => {
  const sets = contenders.map(async (contender) => [contender, await open(scenario)] as const)
  return Object.fromEntries(await Promise.all(sets))
})
process.once('disconnect', () => process.exit())
process.send?.(await Promise.all(ports))
