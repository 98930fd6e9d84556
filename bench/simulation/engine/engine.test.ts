import { expect, test } from 'vitest'
import { Engine } from './engine.ts'
import { streamOf } from './random.ts'

test('handles events in order of time, whatever the order they were scheduled in', async () => {
  const engine = new Engine()
  const random = streamOf(1, 'test')
  const seen: number[] = []
  for (let i = 0; i < 5_000; i++) {
    engine.schedule(random.between(0, 1_000), () => seen.push(engine.now), null)
  }
  await engine.run(Number.POSITIVE_INFINITY)
  expect(seen).toHaveLength(5_000)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(engine.events).toBe(5_000)
})

test('handles events of one moment in the order they were scheduled in', async () => {
  const engine = new Engine()
  const seen: number[] = []
  for (let i = 0; i < 2_000; i++) engine.schedule(i % 3, (_: null, token) => seen.push(token), null, i)
  await engine.run(2)
  const expected = [0, 1, 2].flatMap((rest) =>
    Array.from({ length: 2_000 }, (_, i) => i).filter((i) => i % 3 === rest),
  )
  expect(seen).toEqual(expected)
})

test('lets a handler schedule for now, and takes the past for now', async () => {
  const engine = new Engine()
  const seen: string[] = []
  engine.schedule(
    10,
    () => {
      engine.schedule(5, () => seen.push(`past at ${engine.now}`), null)
      engine.schedule(10, () => seen.push(`now at ${engine.now}`), null)
    },
    null,
  )
  engine.schedule(11, () => seen.push(`later at ${engine.now}`), null)
  await engine.run(20)
  expect(seen).toEqual(['past at 10', 'now at 10', 'later at 11'])
  expect(engine.now).toBe(20)
})

test('leaves alone what is due after the end', async () => {
  const engine = new Engine()
  let count = 0
  engine.schedule(10, () => count++, null)
  await engine.run(9)
  expect([count, engine.now]).toEqual([0, 9])
  await engine.run(10)
  expect(count).toBe(1)
})

test('lets every promise go on, however long the chain, before time does', async () => {
  const engine = new Engine()
  const seen: string[] = []
  engine.schedule(
    10,
    async () => {
      for (let i = 0; i < 1_000; i++) await null
      seen.push(`settled at ${engine.now}`)
    },
    null,
  )
  engine.schedule(11, () => seen.push('time went on'), null)
  await engine.run(20)
  expect(seen).toEqual(['settled at 10', 'time went on'])
})

test('ends at once with an error that was noticed in a promise', async () => {
  const engine = new Engine()
  engine.schedule(1, () => engine.fail(new Error('first')), null)
  engine.schedule(2, () => engine.fail(new Error('second')), null)
  await expect(engine.run(10)).rejects.toThrow('first')
  expect(engine.now).toBe(1)
})
