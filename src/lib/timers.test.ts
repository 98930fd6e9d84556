import { expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { onOneTimer } from './timers.ts'

function setUp() {
  const ambient = new FakeAmbient(0)
  const after = onOneTimer(ambient.now, ambient.after)
  const diary: string[] = []
  const note = (name: string) => (): void => void diary.push(`${name} at ${ambient.now()}`)
  return { ambient, after, diary, note }
}

test('each goes off in its time, whatever the order they are set in', async () => {
  const { ambient, after, diary, note } = setUp()
  after(30, note('c'))
  after(10, note('a'))
  after(20, note('b'))
  after(30, note('d'))
  await ambient.pass(100)
  expect(diary).toEqual(['a at 10', 'b at 20', 'c at 30', 'd at 30'])
  expect(ambient.timers).toEqual([])
})

test('one is taken back, also by another that is due in the same moment', async () => {
  const { ambient, after, diary, note } = setUp()
  const takeBack = after(10, note('never'))
  after(5, note('first'))
  after(10, note('third'))
  takeBack()
  takeBack()
  const late: (() => void)[] = []
  after(20, () => late[0]?.())
  late.push(after(20, note('never')))
  await ambient.pass(100)
  expect(diary).toEqual(['first at 5', 'third at 10'])
})

test('those that are set while one goes off go off as well', async () => {
  const { ambient, after, diary, note } = setUp()
  after(10, () => {
    after(0, note('at once'))
    after(5, note('soon'))
  })
  await ambient.pass(100)
  expect(diary).toEqual(['at once at 10', 'soon at 15'])
})

test('the platform has one at a time, and none anew for those that are due later', async () => {
  const { ambient, after, note } = setUp()
  after(10, note('a'))
  for (let ms = 11; ms < 100; ms++) after(ms, note('later'))()
  expect(ambient.timers).toHaveLength(1)
  await ambient.pass(10)
  expect(ambient.timers).toEqual([])
})

test('any timers go off as they would on the platform’s own', async () => {
  const { ambient, after, diary, note } = setUp()
  const expected: string[] = []
  for (let i = 0; i < 300; i++) {
    const ms = Math.floor(ambient.random() * 50)
    const cancel = after(ms, note(`${i}`))
    if (ambient.random() < 0.5) cancel()
    else expected.push(`${i} at ${ambient.now() + ms}`)
    await ambient.pass(Math.floor(ambient.random() * 5))
  }
  await ambient.pass(100)
  expect(diary.toSorted()).toEqual(expected.toSorted())
})

test('a clock that is set makes none late, and none early by more than ten seconds', async () => {
  const { ambient, after, diary } = setUp()
  after(1_000, () => diary.push('a'))
  after(30_000, () => diary.push('b'))
  ambient.setClock(-3_600_000)
  await ambient.pass(1_000)
  expect(diary).toEqual(['a'])
  await ambient.pass(29_000)
  expect(diary).toEqual(['a', 'b'])
  after(30_000, () => diary.push('c'))
  ambient.setClock(7_200_000)
  after(0, () => undefined)
  await ambient.pass(19_000)
  expect(diary).toEqual(['a', 'b'])
  await ambient.pass(11_000)
  expect(diary).toEqual(['a', 'b', 'c'])
})
