import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import type { GatewayEvent } from './events.ts'
import { type Recorded, Recorder } from './recorder.ts'

const refused: GatewayEvent = { kind: 'decode', status: 401, code: 'unauthorized', ms: 1 }

function world(answer: () => Promise<void> = () => Promise.resolve()) {
  const ambient = new FakeAmbient()
  const sent: Recorded[] = []
  const deferred: Promise<unknown>[] = []
  const send = (recorded: Recorded): Promise<void> => {
    sent.push(recorded)
    return answer()
  }
  const parts = { ambient, defer: (task: Promise<unknown>) => deferred.push(task), send }
  const recorder = new Recorder()
  return { ambient, sent, deferred, recorder, parts, record: () => recorder.record(refused, parts) }
}

const requestsIn = (sent: readonly Recorded[]): number =>
  sent.reduce(
    (sum, { counts }) =>
      sum + Number(counts.get('vae_gateway_requests_total')?.get('none\nunauthorized') ?? 0),
    0,
  )

describe('what an isolate has counted', () => {
  test('is sent after five seconds, in one call for however many requests', async () => {
    const { ambient, sent, deferred, record } = world()
    for (let i = 0; i < 1_000; i++) record()
    await ambient.pass(4_900)
    expect(sent).toHaveLength(0)
    await ambient.pass(200)
    expect(sent).toHaveLength(1)
    expect(requestsIn(sent)).toBe(1_000)
    expect(deferred).toHaveLength(1)
    await ambient.pass(60_000)
    expect(sent).toHaveLength(1)
    record()
    await ambient.pass(5_100)
    expect(requestsIn(sent)).toBe(1_001)
  })

  test('is sent again when it certainly did not arrive', async () => {
    let isThere = false
    const { ambient, sent, record } = world(() =>
      isThere ? Promise.resolve() : Promise.reject(new Error('reset')),
    )
    record()
    await ambient.pass(5_100)
    isThere = true
    record()
    await ambient.pass(5_100)
    expect(requestsIn(sent.slice(1))).toBe(2)
  })

  test('is sent once when it may have arrived, and the loss is counted', async () => {
    let isThere = false
    const { ambient, sent, record } = world(() =>
      isThere ? Promise.resolve() : new Promise(() => undefined),
    )
    record()
    await ambient.pass(7_100)
    isThere = true
    record()
    await ambient.pass(5_100)
    expect(requestsIn(sent.slice(1))).toBe(1)
    expect(sent[1]?.counts.get('vae_gateway_faults_total')).toEqual(new Map([['counts-lost', 1]]))
  })

  test('is sent by another request when the runtime dropped the one that was to', async () => {
    const { ambient, sent, recorder, parts, record } = world()
    const dropped = {
      ...parts,
      ambient: { ...ambient, now: () => ambient.now(), after: () => () => undefined },
    }
    recorder.record(refused, dropped as unknown as typeof parts)
    await ambient.pass(16_000)
    expect(sent).toHaveLength(0)
    record()
    await ambient.pass(5_100)
    expect(requestsIn(sent)).toBe(2)
  })

  test('is no call where there is nothing', async () => {
    const { recorder, parts, sent } = world()
    await recorder.send(parts)
    expect(sent).toHaveLength(0)
  })
})
