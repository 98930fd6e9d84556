import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { settledWithin, sleep } from './sleep.ts'

describe('sleep', () => {
  test('ends when the time is over, and not before', async () => {
    const ambient = new FakeAmbient()
    let isOver = false
    void sleep(100, ambient).then(() => {
      isOver = true
    })
    await ambient.pass(99)
    expect(isOver).toBe(false)
    await ambient.pass(1)
    expect(isOver).toBe(true)
  })

  test('ends when it is woken, and leaves no timer', async () => {
    const ambient = new FakeAmbient()
    const wake = new AbortController()
    const slept = sleep(100, ambient, wake.signal)
    wake.abort()
    await slept
    expect(ambient.timers).toEqual([])
    await sleep(100, ambient, wake.signal)
  })
})

describe('settledWithin', () => {
  test.each([
    ['kept', () => Promise.resolve()],
    ['broken', () => Promise.reject(new Error('broken'))],
  ])('waits for a promise that is %s, and leaves no timer', async (_, promised) => {
    const ambient = new FakeAmbient()
    await settledWithin(promised(), 100, ambient)
    expect(ambient.timers).toEqual([])
  })

  test('waits no longer than it is told', async () => {
    const ambient = new FakeAmbient()
    const waited = settledWithin(new Promise(() => undefined), 100, ambient)
    await ambient.pass(100)
    await waited
  })
})
