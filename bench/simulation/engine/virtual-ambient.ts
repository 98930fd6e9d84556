/** The virtual clock as the gateway's code sees time: what it is given in place of the platform's. */
import type { Ambient } from '../../../src/lib/ambient.ts'
import type { Engine } from './engine.ts'
import type { RandomStream } from './random.ts'

interface Timer {
  task: (() => void) | null
}

const fire = (timer: Timer): void => {
  const { task } = timer
  timer.task = null
  task?.()
}

/** When the simulation begins. */
const EPOCH_MS = 1_700_000_000_000

/** In whole milliseconds, as the platform has both its clock and its timers. */
export const virtualTime = (engine: Engine): Pick<Ambient, 'now' | 'after'> => ({
  now: () => EPOCH_MS + Math.floor(engine.now),
  after: (ms, task) => {
    const timer: Timer = { task }
    engine.schedule(engine.now + Math.max(0, Math.trunc(ms)), fire, timer)
    return () => {
      timer.task = null
    }
  },
})

/** @param randomUuid names what is asked for, so that an observer can tell whose it is */
export function virtualAmbient(
  time: Pick<Ambient, 'now' | 'after'>,
  random: RandomStream,
  randomUuid: () => string,
): Ambient {
  return {
    ...time,
    random: () => random.uniform(),
    randomUuid,
    fetch: () => Promise.reject(new TypeError('There is no network but for backends.')),
  }
}
