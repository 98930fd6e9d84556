import { expect, test } from 'vitest'
import { streamOf } from './stream.ts'

/** Three chunks; `seen` tells how far the source was asked and whether it was told to stop. */
function source() {
  const seen: string[] = []
  function* chunks(): Generator<Uint8Array> {
    try {
      for (const value of [1, 2, 3]) {
        seen.push(`made ${value}`)
        yield Uint8Array.of(value)
      }
    } finally {
      seen.push('ended')
    }
  }
  return { seen, stream: streamOf(chunks()) }
}

test('gives the chunks in their order and closes', async () => {
  const { stream, seen } = source()
  expect([...new Uint8Array(await new Response(stream).arrayBuffer())]).toEqual([1, 2, 3])
  expect(seen.at(-1)).toBe('ended')
})

test('closes at once when there is nothing', async () => {
  const { done } = await streamOf([]).getReader().read()
  expect(done).toBe(true)
})

test('makes a chunk when it is asked for, and at most one ahead', async () => {
  const { stream, seen } = source()
  const reader = stream.getReader()
  await reader.read()
  expect(seen).not.toContain('made 3')
  await reader.read()
  await reader.read()
  expect(seen).toContain('made 3')
})

test('ends the source when the reader cancels', async () => {
  const { stream, seen } = source()
  const reader = stream.getReader()
  await reader.read()
  await reader.cancel()
  expect(seen).toContain('ended')
  expect(seen).not.toContain('made 3')
})

test('lets a reader cancel when the source cannot be ended', async () => {
  const endless: Iterable<Uint8Array> = {
    [Symbol.iterator]: () => ({ next: () => ({ done: false, value: new Uint8Array(1) }) }),
  }
  await expect(streamOf(endless).cancel()).resolves.toBeUndefined()
})

test('passes on what the source throws', async () => {
  function* broken(): Generator<Uint8Array> {
    yield new Uint8Array(1)
    throw new Error('out of chunks')
  }
  await expect(new Response(streamOf(broken())).arrayBuffer()).rejects.toThrow('out of chunks')
})
