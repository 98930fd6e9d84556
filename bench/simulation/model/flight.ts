/** One request on its way. */
import type { Order } from './order.ts'

/** Cost classes in which rejections are counted. */
export const COST_CLASSES = ['image', 'short video', 'long video'] as const
export type CostClass = 0 | 1 | 2

export const isImage = (flight: Flight): boolean => flight.costClass === 0

export interface Flight {
  readonly serial: number
  readonly key: number
  readonly costClass: CostClass
  readonly order: Order
  /** Decode time on the backend that others are measured by. */
  readonly workMs: number
  readonly arrivedAt: number
  readonly deadlineMs: number
  /** Whether that is its client's word; a gateway that was told nothing gives more where a backend has to start. */
  readonly saysDeadline: boolean
  /** When its client has enough; infinite for most. */
  readonly leavesAt: number
  /** Whichever backend decodes it dies of it. */
  readonly isPoison: boolean
  /** Which of the gateway's isolates it came to. */
  readonly isolate: number
  /** How often its client may come back after a refusal. */
  readonly returns: number
  /** Times that it was sent to a backend. */
  attempts: number
}
