/** A hundred latents through a queue, against a gateway whose backends fail all the time. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Client, createClient, createQueue, type Tensor } from '../../src/client/index.ts'
import { answer, cut, mislabelled, pictureOf, reset, serve } from '../support/behaviours.ts'
import { type Behaviour, type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { slotsAreFree, startTestGateway, type TestGateway } from '../support/gateway.ts'

const SIDE = 32
const COUNT = 100
const CONCURRENCY = 8
const PICTURE_BYTES = (SIDE * 8) ** 2 * 3

/** Every way to fail in passing, in turn, at a backend that serves two requests of three. */
function flaky(): Behaviour {
  const faults: Behaviour[] = [
    reset,
    answer('503 Service Unavailable', 'busy', { 'retry-after': '1' }),
    cut('length', 'reset'),
    answer('500 Internal Server Error', 'oops'),
    mislabelled({}, -7),
    cut('chunked', 'fin'),
  ]
  let asked = 0
  return (socket, request) => {
    const turn = asked++
    const fault = turn % 3 === 0 ? faults[(turn / 3) % faults.length] : undefined
    ;(fault ?? serve)(socket, request)
  }
}

let backends: FakeBackend[]
let gateway: TestGateway
let client: Client

beforeAll(async () => {
  backends = await Promise.all([0, 1, 2].map(() => startFakeBackend(flaky())))
  gateway = await startTestGateway({
    BACKENDS: backends.map(({ url }, index) => ({ id: `gpu-${index}`, url, models: ['sd-v1'], slots: 2 })),
  })
  client = createClient({ endpoint: gateway.url, apiKey: gateway.key })
})
afterEach(() => slotsAreFree(gateway, 'gpu-0'))
afterAll(async () => {
  await gateway.stop()
  await Promise.all(backends.map((backend) => backend.stop()))
})

/** Numbered, so that each has a picture of its own. */
function latentOf(index: number): Tensor {
  const data = new Float16Array(4 * SIDE * SIDE).fill(0.5)
  data[0] = index
  return { shape: [1, 4, SIDE, SIDE], dtype: 'float16', data }
}

const expected = (index: number): Buffer =>
  pictureOf(new Uint8Array((latentOf(index).data as Float16Array<ArrayBuffer>).buffer), SIDE * 8)

const queueOf = (onMost: (running: number) => void) =>
  createQueue({
    client,
    concurrency: CONCURRENCY,
    decode: { model: 'sd-v1', as: 'tensor', format: 'pixels' },
    onProgress: ({ running }) => onMost(running),
  })

function* latents(count: number): Generator<Tensor> {
  for (let index = 0; index < count; index++) yield latentOf(index)
}

test('all of them come out right and in order', async () => {
  let most = 0
  const queue = queueOf((running) => {
    most = Math.max(most, running)
  })
  const produced = queue.pushAll(latents(COUNT))
  let next = 0
  for await (const { index, answer } of queue) {
    expect(index).toBe(next++)
    expect(expected(index).equals(answer.tensor.data as Uint8Array), `picture ${index}`).toBe(true)
  }
  await produced
  expect(next).toBe(COUNT)
  expect(most).toBe(CONCURRENCY)
  const asked = backends.reduce((sum, { requests }) => sum + requests.length, 0)
  expect(asked, 'more than were needed, so that some have failed').toBeGreaterThan(COUNT)
})

test('memory stays flat, whoever waits: never more than the queue may hold is alive', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const alive = new Set<WeakRef<object>>()
  const queue = queueOf(() => undefined)
  let made = 0
  function* source(): Generator<Tensor> {
    for (const latent of latents(60)) {
      made++
      yield latent
    }
  }
  const produced = queue.pushAll(source())
  let taken = 0
  let most = 0
  for await (const { answer } of queue) {
    taken++
    alive.add(new WeakRef(answer.tensor.data.buffer))
    // Of what a producer can make at will no more is made than there is room for, and one that waits at the door.
    expect(made - taken).toBeLessThanOrEqual(2 * CONCURRENCY + 1)
    if (taken % 10 !== 0) continue
    await new Promise(setImmediate)
    collect()
    const kept = [...alive].filter((each) => each.deref() !== undefined).length
    most = Math.max(most, kept)
  }
  await produced
  expect(taken).toBe(60)
  // The one in hand, and what a loop's own last steps hold.
  expect(most).toBeLessThanOrEqual(3)
  expect(PICTURE_BYTES * 60).toBeGreaterThan(10_000_000)
})
