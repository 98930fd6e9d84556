import { expect, test } from 'vitest'
import { Engine } from './engine.ts'
import { streamOf } from './random.ts'

test('handles events in order of time, whatever the order they were scheduled in', () => {
  const engine = new Engine()
  const random = streamOf(1, 'test')
  const seen: number[] = []
  for (let i = 0; i < 5_000; i++) {
    engine.schedule(random.between(0, 1_000), () => seen.push(engine.now), null)
  }
  engine.run(Number.POSITIVE_INFINITY)
  expect(seen).toHaveLength(5_000)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(engine.events).toBe(5_000)
})

test('handles events of one moment in the order they were scheduled in', () => {
  const engine = new Engine()
  const seen: number[] = []
  for (let i = 0; i < 2_000; i++) engine.schedule(i % 3, (_: null, token) => seen.push(token), null, i)
  engine.run(2)
  const expected = [0, 1, 2].flatMap((rest) =>
    Array.from({ length: 2_000 }, (_, i) => i).filter((i) => i % 3 === rest),
  )
  expect(seen).toEqual(expected)
})

test('lets a handler schedule for now, and takes the past for now', () => {
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
  engine.run(20)
  expect(seen).toEqual(['past at 10', 'now at 10', 'later at 11'])
  expect(engine.now).toBe(20)
})

test('leaves alone what is due after the end', () => {
  const engine = new Engine()
  let count = 0
  engine.schedule(10, () => count++, null)
  engine.run(9)
  expect([count, engine.now]).toEqual([0, 9])
  engine.run(10)
  expect(count).toBe(1)
})
