/** GET /v1/models: what is served here, and how it can be decoded at this moment. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { SOON, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, operate, ordered } from '../support/operator.ts'

let gateway: TestGateway

beforeAll(async () => {
  // Nobody decodes here, so nobody finds out that nobody listens there.
  const gpu = (id: string, port: number, model: string) => ({
    id,
    kind: 'vae-backend',
    url: `http://127.0.0.1:${port}/`,
    models: [model],
    slots: 2,
  })
  gateway = await startTestGateway({
    BACKENDS: [gpu('one', 1, 'sdxl'), gpu('two', 2, 'sdxl'), gpu('three', 3, 'flux')],
    ADMIN_TOKEN,
  })
})
afterAll(() => gateway.stop())

interface Model {
  readonly id: string
  readonly availability: Record<string, unknown> | null
}

const model = async (id: string): Promise<Model> =>
  (await (await fetch(`${gateway.url}/v1/models/${id}`)).json()) as Model

test('a model tells what is served of it, what it costs to ask for, and the line to paste', async () => {
  const { host } = new URL(gateway.url)
  expect(await model('flux')).toMatchObject({
    served: true,
    operations: ['decode'],
    limits: { maxMegapixels: expect.any(Number), maxFrames: null },
    availability: { status: 'available', canTakeWork: 1, idle: 1, wouldBeCold: false, states: { usable: 1 } },
    remoteDecode: `remote_decode(endpoint="http://x:KEY@${host}/flux", tensor=latent, scaling_factor=0.3611, shift_factor=0.1159, height=1024, width=1024)`,
  })
  expect(await model('wan-2.1')).toMatchObject({
    served: false,
    operations: [],
    availability: null,
    endpoint: null,
    remoteDecode: null,
  })
})

test('the list says of each model what its own page says', async () => {
  const { models } = (await (await fetch(`${gateway.url}/v1/models`)).json()) as { models: Model[] }
  expect(models.find(({ id }) => id === 'flux')).toEqual(await model('flux'))
})

test('a backend that its operator takes out takes no work seconds later', async () => {
  await ordered(operate(gateway, '/backends/one/disable', {}))
  await vi.waitFor(async () => {
    const { availability } = await model('sdxl')
    expect(availability).toMatchObject({
      status: 'available',
      canTakeWork: 1,
      states: { disabled: 1, usable: 1 },
    })
  }, SOON)
  await ordered(operate(gateway, '/backends/two/disable', {}))
  await vi.waitFor(async () => {
    const { availability } = await model('sdxl')
    expect(availability).toMatchObject({
      status: 'unavailable',
      canTakeWork: 0,
      waitMs: null,
      wouldBeCold: false,
    })
  }, SOON)
})
