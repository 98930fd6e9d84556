import { expect, test } from 'vitest'
import { Engine } from '../engine/engine.ts'
import { Line, type Way } from './rpc.ts'

const HOP_MS = 10

function setUp() {
  const engine = new Engine()
  const way: Way = { engine, cutUntil: 0, isLost: () => false, noticeMs: () => 100 }
  const line = new Line(way)
  const seen: string[] = []
  const call = (perform: () => string | Promise<string>): void => {
    line.call(HOP_MS, perform).then(
      (value) => seen.push(`${value} at ${engine.now}`),
      (error) => seen.push(`${error.message} at ${engine.now}`),
    )
  }
  return { engine, way, line, seen, call }
}

test('a call takes a hop there, as long as it is worked on, and a hop back', async () => {
  const { engine, seen, call } = setUp()
  call(() => `at once, ${engine.now}`)
  call(() => new Promise((resolve) => engine.schedule(500, () => resolve('later'), null)))
  await engine.run(1_000)
  expect(seen).toEqual(['at once, 10 at 20', 'later at 510'])
})

test('calls of a life that ends fail when that is noticed, and so does each that comes later', async () => {
  const { engine, line, seen, call } = setUp()
  call(() => new Promise(() => undefined))
  engine.schedule(50, () => line.end(), null)
  engine.schedule(60, () => call(() => 'worked on'), null)
  await engine.run(1_000)
  expect(seen).toEqual(['The object was reset. at 150', 'The object was reset. at 160'])
})

test('what is on its way when a life ends is not worked on', async () => {
  const { engine, line } = setUp()
  let isTold = false
  line.tell(HOP_MS, () => {
    isTold = true
  })
  engine.schedule(5, () => line.end(), null)
  await engine.run(100)
  expect(isTold).toBe(false)
})

test('nothing gets through while the way is cut, there or back, and all does after it', async () => {
  const { engine, way, seen, call } = setUp()
  call(() => new Promise((resolve) => engine.schedule(100, () => resolve('answered in the cut'), null)))
  const cut = (): void => {
    way.cutUntil = 200
  }
  engine.schedule(50, cut, null)
  engine.schedule(60, () => call(() => 'asked in the cut'), null)
  engine.schedule(200, () => call(() => 'after it'), null)
  await engine.run(1_000)
  expect(seen).toEqual(['after it at 220'])
})
