import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { settle } from '../../../test/support/fake-ambient.ts'
import { seeded } from '../../../test/support/seeded.ts'
import { createQueue } from './create-queue.ts'
import type { OnError, QueueOptions, QueueProgress } from './options.ts'

/** A queue whose pieces of work end when the test says so. */
function staged<P extends OnError = 'throw'>(options: QueueOptions<P> = {}) {
  const running = new Map<number, { end(): void; fail(error: Error): void; readonly signal: AbortSignal }>()
  const queue = createQueue<number, string, P>({
    ...options,
    run: (input, signal) =>
      new Promise((resolve, reject) => {
        const over = (settled: () => void) => (): void => {
          running.delete(input)
          settled()
        }
        running.set(input, {
          signal,
          end: over(() => resolve(`done ${input}`)),
          fail: (error) => over(() => reject(error))(),
        })
        signal.addEventListener('abort', () => running.get(input)?.fail(signal.reason as Error))
      }),
  })
  const end = async (...inputs: number[]): Promise<void> => {
    for (const input of inputs) running.get(input)?.end()
    await settle()
  }
  return { queue, running, end, inputs: () => [...running.keys()] }
}

const indexes = async (queue: AsyncIterable<{ readonly index: number }>): Promise<number[]> => {
  const taken: number[] = []
  for await (const { index } of queue) taken.push(index)
  return taken
}

/** Pushes without waiting; says who got in. */
function pushing(push: (input: number) => Promise<boolean>, count: number): number[] {
  const accepted: number[] = []
  for (let input = 0; input < count; input++) {
    void push(input).then((isIn) => isIn && accepted.push(input))
  }
  return accepted
}

describe('a queue', () => {
  test('runs so many at a time, and starts the next as one ends', async () => {
    const { queue, end, inputs } = staged({ concurrency: 2, capacity: 9 })
    pushing((input) => queue.push(input), 5)
    await settle()
    expect(inputs()).toEqual([0, 1])
    await end(1)
    expect(inputs()).toEqual([0, 2])
  })

  test('lets nobody in before there is room, which comes from taking and from nothing else', async () => {
    const { queue, end } = staged({ concurrency: 2, capacity: 3 })
    const accepted = pushing((input) => queue.push(input), 6)
    await settle()
    await end(0, 1, 2)
    expect(accepted).toEqual([0, 1, 2])
    await queue.next()
    await settle()
    expect(accepted).toEqual([0, 1, 2, 3])
  })

  test('gives results in the order of what was pushed', async () => {
    const { queue, end } = staged({ concurrency: 3 })
    await queue.pushAll([0, 1, 2])
    const taken = indexes(queue)
    for (const input of [2, 0, 1]) await end(input)
    expect(await taken).toEqual([0, 1, 2])
  })

  test('gives results as they come, when that is wanted', async () => {
    const { queue, end } = staged({ concurrency: 3, order: 'completion' })
    await queue.pushAll([0, 1, 2])
    const taken = indexes(queue)
    for (const input of [2, 0, 1]) await end(input)
    expect(await taken).toEqual([2, 0, 1])
  })

  test('ends when it is closed and everything was taken, also where there was nothing', async () => {
    const { queue, end } = staged()
    await queue.push(7)
    queue.close()
    const results = Array.fromAsync(queue)
    await end(7)
    expect(await results).toEqual([{ index: 0, ok: true, answer: 'done 7' }])
    expect((await queue.next()).done).toBe(true)
    const empty = staged().queue
    empty.close()
    expect(await indexes(empty)).toEqual([])
  })

  test('takes nothing after its end', async () => {
    const { queue } = staged()
    queue.close()
    await expect(queue.push(1)).rejects.toThrow('The queue is closed')
  })

  test('says how far it is', async () => {
    const seen: QueueProgress[] = []
    const onProgress = (progress: QueueProgress): void => void seen.push(progress)
    const { queue, running, end } = staged({ concurrency: 2, onError: 'yield', onProgress })
    await queue.pushAll([0, 1, 2])
    expect(seen.at(-1)).toEqual({ pushed: 3, running: 2, done: 0, failed: 0, isClosed: true })
    running.get(0)?.fail(new Error('no'))
    await settle()
    await end(1, 2)
    expect(seen.at(-1)).toEqual({ pushed: 3, running: 0, done: 2, failed: 1, isClosed: true })
  })

  test.each([{ concurrency: 0 }, { concurrency: 1.5 }, { concurrency: Number.NaN }, { capacity: 4.5 }])(
    'with %o is refused',
    (options) => {
      expect(() => staged(options)).toThrow(RangeError)
    },
  )
})

describe('a failure', () => {
  test('ends everything: after the results before it, and what runs is called off', async () => {
    const { queue, running, end } = staged({ concurrency: 3, capacity: 3 })
    const refused = queue.pushAll([0, 1, 2, 3])
    await settle()
    await end(0)
    const signals = [...running.values()].map(({ signal }) => signal)
    running.get(2)?.fail(new Error('broken'))
    await settle()
    expect(signals.every(({ aborted }) => aborted)).toBe(true)
    expect((await queue.next()).value).toMatchObject({ index: 0 })
    await expect(queue.next()).rejects.toThrow('broken')
    expect((await queue.next()).done).toBe(true)
    await refused
    expect(await queue.push(9)).toBe(false)
  })

  test('is a result like another, when that is wanted', async () => {
    const { queue, running, end } = staged({ onError: 'yield' })
    await queue.pushAll([0, 1])
    running.get(0)?.fail(new Error('broken'))
    await end(1)
    expect(await Array.fromAsync(queue)).toEqual([
      { index: 0, ok: false, error: new Error('broken') },
      { index: 1, ok: true, answer: 'done 1' },
    ])
  })

  test('of what makes the input is told to who takes the output', async () => {
    const { queue, end } = staged()
    function* source(): Generator<number> {
      yield 0
      throw new Error('no more latents')
    }
    await queue.pushAll(source())
    await end(0)
    await expect(indexes(queue)).rejects.toThrow('no more latents')
  })

  test('that is thrown before there is a promise is one as well', async () => {
    const queue = createQueue<number, number>({
      run: () => {
        throw new Error('at once')
      },
    })
    await queue.push(1)
    await expect(queue.next()).rejects.toThrow('at once')
  })
})

describe('who leaves', () => {
  test('in the middle of a loop calls off what runs and lets producers go', async () => {
    const { queue, running, end } = staged({ concurrency: 2, capacity: 2 })
    const produced = queue.pushAll([0, 1, 2, 3])
    await settle()
    const signal = running.get(1)?.signal
    await end(0)
    for await (const { index } of queue) {
      expect(index).toBe(0)
      break
    }
    await produced
    expect(signal?.aborted).toBe(true)
    expect(await queue.push(9)).toBe(false)
  })

  test('by a signal gets its reason, once', async () => {
    const leaving = new AbortController()
    const { queue, running } = staged({ signal: leaving.signal })
    await queue.push(0)
    const signal = running.get(0)?.signal
    const next = queue.next()
    leaving.abort(new Error('left'))
    await expect(next).rejects.toThrow('left')
    expect(signal?.aborted).toBe(true)
    expect((await queue.next()).done).toBe(true)
    const late = staged({ signal: leaving.signal }).queue
    expect(await late.push(0)).toBe(false)
    await expect(late.next()).rejects.toThrow('left')
  })
})

test('whatever ends when, nothing is lost, doubled or out of place, and bounds hold', async () => {
  const order = fc.constantFrom('input' as const, 'completion' as const)
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 30 }),
      order,
      fc.infiniteStream(fc.nat()),
      async (concurrency, capacity, count, order, chances) => {
        const chance = chances[Symbol.iterator]()
        const { queue, inputs, end } = staged({ concurrency, capacity, order })
        const bound = Math.max(concurrency, capacity)
        let produced = 0
        function* source(): Generator<number> {
          // The one that is made waits outside.
          for (; produced < count; ) yield produced++
        }
        void queue.pushAll(source())
        const taken: number[] = []
        const reading = (async () => {
          for await (const { index } of queue) taken.push(index)
        })()
        for (await settle(); taken.length < count; await settle()) {
          const running = inputs()
          expect(running.length).toBeLessThanOrEqual(concurrency)
          expect(produced - taken.length).toBeLessThanOrEqual(bound + 1)
          await end(running[(chance.next().value as number) % running.length] as number)
        }
        await reading
        const sorted = Array.from({ length: count }, (_, index) => index)
        expect(order === 'input' ? taken : taken.toSorted((a, b) => a - b)).toEqual(sorted)
      },
    ),
    { ...seeded, numRuns: 100 },
  )
})
