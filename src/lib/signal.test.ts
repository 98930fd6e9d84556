import { describe, expect, test } from 'vitest'
import { shared, Trigger } from './signal.ts'

describe('a trigger', () => {
  test('calls each listener once', () => {
    const trigger = new Trigger()
    const heard: string[] = []
    const first = (): void => void heard.push('first')
    trigger.addEventListener('abort', first)
    trigger.addEventListener('abort', first)
    trigger.addEventListener('abort', () => heard.push('second'))
    expect(trigger.aborted).toBe(false)
    trigger.abort()
    trigger.abort()
    expect([trigger.aborted, heard]).toEqual([true, ['first', 'second']])
  })

  test('calls nobody who left, or who came when it was over', () => {
    const trigger = new Trigger()
    const never = (): void => {
      throw new Error('called')
    }
    trigger.addEventListener('abort', never)
    trigger.removeEventListener('abort', never)
    trigger.abort()
    trigger.addEventListener('abort', never)
    trigger.abort()
  })
})

describe('a shared signal', () => {
  test('fires when the platform’s does, by one listener of it', () => {
    const controller = new AbortController()
    let added = 0
    const { addEventListener } = controller.signal
    controller.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      added++
      addEventListener.apply(controller.signal, args)
    }
    const signal = shared(controller.signal)
    let heard = 0
    for (let i = 0; i < 3; i++) signal.addEventListener('abort', () => heard++)
    controller.abort()
    expect([signal.aborted, heard, added]).toEqual([true, 3, 1])
  })

  test('of one that has fired has fired', () => {
    expect(shared(AbortSignal.abort()).aborted).toBe(true)
  })
})
