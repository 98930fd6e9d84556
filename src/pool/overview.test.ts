import { expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { OverviewMemory, PoolOverview } from './overview.ts'
import type { PoolStatus } from './protocol.ts'

const POOL = [{ name: 'gpu', shard: undefined }]
const STATUS: PoolStatus = { epoch: 'e', queued: 0, backends: [] }

/** Requests of one isolate, and a count of what they ask. */
function isolate(statusOf: () => Promise<PoolStatus>) {
  const ambient = new FakeAmbient()
  const memory = new OverviewMemory()
  const asked = { times: 0 }
  const counted = (): Promise<PoolStatus> => {
    asked.times++
    return statusOf()
  }
  const request = () => new PoolOverview({ statusOf: counted, memory, ambient }).statuses(POOL)
  return { ambient, memory, asked, request }
}

test('a flood asks a pool once in three seconds', async () => {
  const { ambient, asked, request } = isolate(async () => STATUS)
  expect(await request()).toEqual([STATUS])
  for (let n = 0; n < 100; n++) expect(await request()).toEqual([STATUS])
  expect(asked.times).toBe(1)
  await ambient.pass(3_000)
  await request()
  expect(asked.times).toBe(2)
})

test('a flood at the first moment asks a few times, and is told nothing beyond', async () => {
  const { ambient, asked, request } = isolate(() => new Promise(() => undefined))
  const all = Promise.all(Array.from({ length: 100 }, request))
  await ambient.pass(1_000)
  expect((await all).flat().every((status) => status === undefined)).toBe(true)
  expect(asked.times).toBe(4)
})

test.each([
  ['silent', () => new Promise<never>(() => undefined)],
  ['gone', () => Promise.reject<PoolStatus>(new Error('gone'))],
])(
  'a pool that is %s is waited for by nobody longer than a second, nor asked again at once',
  async (_, statusOf) => {
    const { ambient, asked, request } = isolate(statusOf)
    const first = request()
    await ambient.pass(1_000)
    expect(await first).toEqual([undefined])
    expect(await request()).toEqual([undefined])
    expect(asked.times).toBe(1)
  },
)

test('while one asks again, others are told what was known', async () => {
  let answers: () => Promise<PoolStatus> = async () => STATUS
  const { ambient, asked, request } = isolate(() => answers())
  await request()
  await ambient.pass(3_000)
  answers = () => new Promise(() => undefined)
  const late = request()
  expect(await request()).toEqual([STATUS])
  expect(asked.times).toBe(2)
  await ambient.pass(1_000)
  expect(await late).toEqual([undefined])
})

test('a request that left before it was answered keeps nobody from asking for longer than a second', async () => {
  const { ambient, memory, asked, request } = isolate(async () => STATUS)
  await request()
  await ambient.pass(3_000)
  memory.asked.set('gpu', [ambient.now()])
  await request()
  expect(asked.times).toBe(1)
  await ambient.pass(1_000)
  await request()
  expect(asked.times).toBe(2)
})
