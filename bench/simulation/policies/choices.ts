/** The policies that bind a request to a backend as soon as it comes: each a choice among those that are allowed. */
import type { RandomStream } from '../engine/random.ts'
import type { Book, Load } from './book.ts'

/** @param allowed indices of backends, at least one */
export type Choice = (
  allowed: readonly number[],
  load: Pick<Load, 'isolate'>,
  book: Book,
  random: RandomStream,
  now: number,
) => number

const any = (allowed: readonly number[], random: RandomStream): number =>
  allowed[random.below(allowed.length)] as number

export const uniformly: Choice = (allowed, _load, _book, random) => any(allowed, random)

/** One pointer for all isolates. */
export function inRotation(): Choice {
  let next = 0
  return (allowed) => allowed[next++ % allowed.length] as number
}

/** Two at random, the better one. */
const betterOfTwo = (
  allowed: readonly number[],
  random: RandomStream,
  costOf: (backend: number) => number,
): number => {
  const first = random.below(allowed.length)
  const second = (first + 1 + random.below(Math.max(1, allowed.length - 1))) % allowed.length
  const one = allowed[first] as number
  const other = allowed[second] as number
  return costOf(one) <= costOf(other) ? one : other
}

/** The best of all; ties are broken at random. */
const best = (
  allowed: readonly number[],
  random: RandomStream,
  costOf: (backend: number) => number,
): number => {
  const costs = allowed.map(costOf)
  const least = Math.min(...costs)
  return any(
    allowed.filter((_, index) => costs[index] === least),
    random,
  )
}

export const twoChoicesLocal: Choice = (allowed, { isolate }, book, random) => {
  const counts = book.localCounts(isolate)
  return betterOfTwo(allowed, random, (backend) => counts[backend] as number)
}

export const twoChoicesGlobal: Choice = (allowed, _load, book, random) =>
  betterOfTwo(allowed, random, (backend) => book.inFlight[backend] as number)

/** Finagle's: latency as it is, times what is in flight. */
export const peakEwma: Choice = (allowed, { isolate }, book, random, now) => {
  const counts = book.localCounts(isolate)
  return betterOfTwo(
    allowed,
    random,
    (backend) => book.latencyOf(isolate, backend, now) * ((counts[backend] as number) + 1),
  )
}

export const shortestQueue: Choice = (allowed, _load, book, random) =>
  best(allowed, random, (backend) => book.inFlight[backend] as number)

export const idleElseAny: Choice = (allowed, _load, book, random) =>
  book.idle.find((backend) => allowed.includes(backend)) ?? any(allowed, random)

export const leastWorkLeft: Choice = (allowed, _load, book, random, now) =>
  best(allowed, random, (backend) => Math.max(now, book.freeAt[backend] as number))
