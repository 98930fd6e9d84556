/** Sends what lies on the table, a few at a time, and says what came of each. */
import { signal as signalOf } from '@preact/signals'
import { createQueue } from '../../../src/client/index.ts'
import type { Course } from './course.ts'
import { gateway } from './gateway.ts'
import { findItem, type Item, isUnderWay, items, setWork, whatIsMissing } from './item.ts'
import { decodeOptions, encodeOptions } from './order.ts'
import { type Outcome, problemOf } from './outcome.ts'

/** More wait here rather than there. */
const AT_A_TIME = 4

let stopping = new AbortController()

/** Calls off everything that is under way. */
export function stop(): void {
  stopping.abort()
  stopping = new AbortController()
}

/** Those that have no answer yet, or an error. */
export const openItems = (): readonly Item[] =>
  items.value.filter(
    (item) =>
      whatIsMissing(item) === undefined &&
      (item.work.state === 'ready' || (item.work.state === 'done' && item.work.outcome.kind === 'problem')),
  )

export async function run(wanted: readonly Item[]): Promise<void> {
  const { signal } = stopping
  for (const { id } of wanted) setWork(id, { state: 'waiting' })
  const queue = createQueue({
    run: answerTo,
    concurrency: AT_A_TIME,
    order: 'completion',
    onError: 'yield',
    signal,
  })
  void queue.pushAll(wanted)
  try {
    for await (const result of queue) {
      const { id } = wanted[result.index] as Item
      const outcome = result.ok ? result.answer : problemOf(result.error)
      setWork(id, { state: 'done', outcome })
    }
  } catch {
    // It was stopped; what fails by itself is a result.
    for (const { id } of wanted) if (isUnderWay(findItem(id))) setWork(id, { state: 'ready' })
  }
}

async function answerTo({ id, source, order }: Item, signal: AbortSignal): Promise<Outcome> {
  const removing = new AbortController()
  const course = signalOf<Course | undefined>(undefined)
  setWork(id, { state: 'running', course, abort: () => removing.abort() })
  const startedAt = performance.now()
  let tries = 1
  const options = {
    signal: AbortSignal.any([signal, removing.signal]),
    onProgress: (progress: NonNullable<Course['progress']>) => {
      course.value = { progress }
    },
    onRetry: (retry: NonNullable<Course['retry']>) => {
      tries = retry.attempt + 1
      course.value = { retry, until: performance.now() + retry.delayMs }
    },
  }
  const timed = () => ({ ms: performance.now() - startedAt, tries })
  if (source.kind === 'picture') {
    const answer = await gateway().encode(source.file, { ...encodeOptions(order), ...options })
    const { tensor } = answer
    return { kind: 'latent', tensor, facts: { ...timed(), answer, bytes: tensor.data.byteLength } }
  }
  if (source.kind !== 'latent') throw new TypeError('There is nothing to send.')
  const answer = await gateway().decode(source.tensor, { ...decodeOptions(order), ...options })
  const { blob } = answer
  return {
    kind: 'picture',
    url: URL.createObjectURL(blob),
    blob,
    facts: { ...timed(), answer, bytes: blob.size },
  }
}
