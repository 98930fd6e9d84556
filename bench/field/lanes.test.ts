import { expect, it } from 'vitest'
import { Lanes } from './lanes.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

it('starts what fits beside what runs, and the rest when there is room', async () => {
  const lanes = new Lanes(100)
  const started: number[] = []
  const enter = async (weight: number) => {
    const release = await lanes.enter(weight)
    started.push(weight)
    return release
  }
  const first = enter(80)
  const second = enter(60)
  const third = enter(15)
  await settle()
  expect(started).toEqual([80, 15])
  ;(await first)()
  await settle()
  expect(started).toEqual([80, 15, 60])
  ;(await second)()
  ;(await third)()
})

it('starts alone what is heavier than everything together', async () => {
  const release = await new Lanes(100).enter(500)
  release()
})
