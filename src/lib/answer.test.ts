import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { answerWithin } from './answer.ts'

describe('an answer', () => {
  test('that comes in time is given, and no timer stays behind', async () => {
    const ambient = new FakeAmbient()
    expect(await answerWithin(Promise.resolve(7), 100, ambient)).toEqual({ ok: true, value: 7 })
    expect(ambient.timers).toEqual([])
  })

  test('that is a refusal is told as that, and no timer stays behind', async () => {
    const ambient = new FakeAmbient()
    const refused = Promise.reject(new Error('gone'))
    expect(await answerWithin(refused, 100, ambient)).toEqual({ ok: false, error: 'failed' })
    expect(ambient.timers).toEqual([])
  })

  test('that is late is not waited for, and may end as it likes', async () => {
    const ambient = new FakeAmbient()
    const later = Promise.withResolvers<number>()
    const answer = answerWithin(later.promise, 100, ambient)
    await ambient.pass(100)
    expect(await answer).toEqual({ ok: false, error: 'late' })
    later.reject(new Error('after all'))
    await ambient.pass(1)
  })
})
