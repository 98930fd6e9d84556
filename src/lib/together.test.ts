import { expect, test } from 'vitest'
import { together } from './together.ts'

function collect() {
  const waited: Promise<void>[] = []
  return { waited, add: together((all) => waited.push(all)) }
}

/** Whether a promise is settled once everything that is due has run. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = false
  const settle = (): void => {
    settled = true
  }
  promise?.then(settle, settle)
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  return settled
}

test('tasks are waited for as one, until the last of them is over', async () => {
  const { waited, add } = collect()
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  add(first.promise)
  add(second.promise)
  expect(waited).toHaveLength(1)
  second.resolve()
  expect(await isSettled(waited[0])).toBe(false)
  first.resolve()
  expect(await isSettled(waited[0])).toBe(true)
})

test('a task that comes when all are over is waited for as well', async () => {
  const { waited, add } = collect()
  add(Promise.resolve())
  await waited[0]
  const late = Promise.withResolvers<void>()
  add(late.promise)
  expect(waited).toHaveLength(2)
  expect(await isSettled(waited[1])).toBe(false)
  late.resolve()
  await waited[1]
})

test('an error is told when all are over, and once', async () => {
  const { waited, add } = collect()
  const slow = Promise.withResolvers<void>()
  add(Promise.reject(new Error('first')))
  add(slow.promise)
  expect(await isSettled(waited[0])).toBe(false)
  slow.reject(new Error('second'))
  await expect(waited[0]).rejects.toThrow('first')
  add(Promise.resolve())
  await expect(waited[1]).resolves.toBeUndefined()
})
