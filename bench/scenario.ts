/** A scenario as data, for the field suite in real time and for the simulator in virtual time; and the best there could be. */
import { type Curve, usualMs } from './curves.ts'

export interface FieldBackend {
  readonly curve: Curve
  /** Decodes that it runs at a time; more of them wait at its door. */
  readonly slots: number
  /** Whether its answers have `x-compute-ms`. */
  readonly saysComputeMs: boolean
  /** One way: a request is read so much later, and so is its answer. */
  readonly networkMs: number
  /** It sleeps when the scenario begins, answers 503 while it wakes, and is up so long after the first request. */
  readonly coldStartMs?: number
}

/** A size of pictures or videos, and how often it is asked for beside the others. */
export interface Size {
  readonly width: number
  readonly height: number
  /** 1: an image. */
  readonly frames: number
  readonly weight: number
}

/**
 * closed: each client sends its next request when it has its answer.
 * open: requests come by chance, whatever becomes of those before (Poisson).
 * at once: each client sends one request, all in the same moment.
 */
export type Arrivals =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly perSecond: number }
  | { readonly kind: 'at once' }

/** What is counted of a contender, and held against the others of the same run. */
export type FigureName =
  /** Requests per second over those of the ideal. */
  | 'rateOfIdeal'
  | 'rateOfHaproxy'
  | 'addedP50Ms'
  /** The median over HAProxy's mean or median, for clients that must wait: letting a few wait long makes a short median. */
  | 'addedP50OverMeanMs'
  | 'addedP99Ms'
  | 'imageP99OfHaproxy'
  /** Requests that were not answered with 200. */
  | 'failed'
  /** Least share of its deadline that a request had used up when it was told that its time is over. */
  | 'shareOfDeadline'
  /** Time from when the first backend is awake to the last answer, over what the backends need for all of them. */
  | 'afterWakeOfIdeal'

export interface Expectation {
  readonly figure: FigureName
  readonly atLeast?: number
  readonly atMost?: number
  /** For added milliseconds: so large a share of HAProxy's own time is noise. */
  readonly orShareOfHaproxy?: number
}

export interface Scenario {
  readonly name: string
  /** Row of the list of faults that it is for. */
  readonly row: string
  readonly backends: readonly FieldBackend[]
  readonly clients: number
  readonly arrivals: Arrivals
  readonly mix: readonly Size[]
  /** Decodes before anything is counted, one after the other; of the mix where no sizes are given. */
  readonly warmUpDecodes: number
  readonly warmUpMix?: readonly Size[]
  /** It ends after so many decodes or so many seconds; one at once ends with its last answer. */
  readonly decodes?: number
  readonly seconds?: number
  /** What clients say in `x-vae-deadline-ms`; they say nothing when left out. */
  readonly deadlineMs?: number
  /** Part of the short form. */
  readonly quick: boolean
  /** Its backends change while it lasts: it has one turn, where others have several. */
  readonly isOnce: boolean
  /** Only the gateway can be asked this. */
  readonly isAlone: boolean
  readonly expectations: readonly Expectation[]
}

export const square = (side: number, weight = 1): Size => ({ width: side, height: side, frames: 1, weight })

/** One of the mix. @param luck uniform in [0, 1) */
export function pick(mix: readonly Size[], luck: number): Size {
  let left = luck * mix.reduce((sum, { weight }) => sum + weight, 0)
  const found = mix.find(({ weight }) => {
    left -= weight
    return left < 0
  })
  const last = found ?? mix.at(-1)
  if (!last) throw new Error('The mix is empty.')
  return last
}

/** Time that the backend takes for a decode of the mix on average; without the network. */
export function meanMs({ curve }: FieldBackend, mix: readonly Size[]): number {
  const weight = mix.reduce((sum, size) => sum + size.weight, 0)
  return mix.reduce((sum, size) => sum + size.weight * usualMs(curve, size), 0) / weight
}

/**
 * Requests per second that a scheduler could reach who knows everything: the lesser of what all backends do together,
 * and what the clients would get if the fastest served them all. A backend is idle for the network's time between two
 * decodes, as it is behind any proxy that gives it no more at a time than it has slots.
 *
 * @param overheadMs what sockets and timers of this machine add to each decode
 */
export function idealRate(
  { backends, clients, mix, arrivals }: Pick<Scenario, 'backends' | 'clients' | 'mix' | 'arrivals'>,
  overheadMs = 0,
): number {
  const rounds = backends.map((own) => meanMs(own, mix) + 2 * own.networkMs + overheadMs)
  const rates = backends.map(({ slots }, i) => (1_000 * slots) / (rounds[i] ?? Number.NaN))
  const together = rates.reduce((sum, rate) => sum + rate, 0)
  const asked = arrivals.kind === 'open' ? arrivals.perSecond : (1_000 * clients) / Math.min(...rounds)
  return Math.min(together, asked)
}

const AMPLE = 1.5

/** What is under way at the end of a turn is waited for so long: a queue of all clients, and the slowest first decode. */
export function lingerMs(scenario: Scenario): number {
  const { backends, mix, clients } = scenario
  const slowest = backends.flatMap(({ curve }) =>
    mix.map((size) => curve.decodeMs({ ...size, nthOfShape: 1, upForMs: 0, random: () => 0.5 })),
  )
  return AMPLE * (Math.max(...slowest) + (1_000 * clients) / idealRate(scenario))
}
