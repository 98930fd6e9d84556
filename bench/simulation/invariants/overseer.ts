/** Checks every promise after every step, and stops the run at the first that is broken. */
import type { Evidence } from '../../../src/pool/events.ts'
import type { PoolState } from '../../../src/pool/state.ts'
import { staysSmall } from './bounds.ts'
import { blamesOnce, sparesTheSick, tookOut } from './health.ts'
import { conservesLeases, keepsPlaces } from './leases.ts'
import { freshHistory, type History, type Invariant, type Observed, type Witness } from './observed.ts'
import { keepLedger, keepsOrder, keepsShares } from './order.ts'
import { answersOnce, forgetsNobody, grantsInTime, triesElsewhere } from './tickets.ts'
import { leavesNothingUndone, letsNobodyIdle, wakesInTime } from './wake-ups.ts'

/** Checked after each step: they cost no more than a look at what has changed. */
export const CHEAP: Readonly<Record<string, Invariant>> = {
  'I1 keeps places': keepsPlaces,
  'I2 answers once': answersOnce,
  'I5 grants in time': grantsInTime,
  'I6 tries elsewhere': triesElsewhere,
  'I9 spares the sick': sparesTheSick,
  'I10 blames once': blamesOnce,
  'I11 stays small': staysSmall,
}

/** Checked after each step of a short run, and now and then in a long one. */
export const THOROUGH: Readonly<Record<string, Invariant>> = {
  'I2 forgets nobody': forgetsNobody,
  'I3 leaves nothing undone': leavesNothingUndone,
  'I3 wakes in time': wakesInTime,
  'I3 lets nobody idle': letsNobodyIdle,
  'I4 conserves leases': conservesLeases,
  'I7 keeps shares': keepsShares,
  'I8 keeps order': keepsOrder,
}

/** A thorough check looks at the whole queue: where that is longer it is made less often. */
const LONG_QUEUE = 64

export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}

export class Overseer implements Witness {
  readonly #every: number
  #history: History = freshHistory()
  #steps = 0

  /** @param every how many steps there are at least between two thorough checks */
  constructor(every: number) {
    this.#every = every
  }

  began(): void {
    this.#history = freshHistory()
  }

  stepped(observed: Observed): void {
    const history = this.#history
    const { event, actions, before, after, serial } = observed
    if (event.kind === 'acquire') history.waiting.set(event.job.ticket, event.job)
    if (event.kind === 'adopt') history.adopters.add(event.backendId)
    if (event.kind === 'report' && isSuspicion(event.evidence)) {
      this.#countEjection(serial, event.backendId, before, after)
    }
    for (const [name, isKept] of CHEAP_LIST) check(name, isKept, observed, history)
    const every = Math.max(this.#every, Math.ceil(history.waiting.size / LONG_QUEUE))
    const isThorough = ++this.#steps % every === 0
    if (this.#every === 1) keepLedger(observed, history)
    if (isThorough) for (const [name, isKept] of THOROUGH_LIST) check(name, isKept, observed, history)
    for (const action of actions) if (action.kind !== 'probe') history.waiting.delete(action.ticket)
  }

  #countEjection(serial: number, backendId: string, before: PoolState, after: PoolState): void {
    if (before.backends === after.backends || !tookOut(before, after, backendId)) return
    const { ejections } = this.#history
    ejections.set(serial, (ejections.get(serial) ?? 0) + 1)
  }
}

/** As opposed to what a backend says of itself, whoever asks. */
const isSuspicion = ({ kind }: Evidence): boolean => kind === 'hard' || kind === 'soft'

const CHEAP_LIST = Object.entries(CHEAP)
const THOROUGH_LIST = Object.entries(THOROUGH)

function check(name: string, isKept: Invariant, observed: Observed, history: History): void {
  const objection = isKept(observed, history)
  if (objection === undefined) return
  const { now, event } = observed
  throw new BrokenPromise(`${name}: ${objection}, at ${now.toFixed(3)} ms, after ${JSON.stringify(event)}`)
}
