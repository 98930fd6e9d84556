/** What a request asks for, as the rest of its life takes it over: an order, and what of its body is here already. */
import type { Problem } from '../errors/problem.ts'
import type { Warning } from '../inspection/codes.ts'
import type { Result } from '../lib/result.ts'
import type { Intake, Upload } from './intake.ts'
import type { Order } from './order.ts'

export interface Taken {
  readonly order: Order
  /** The whole body, when it came in JSON. */
  readonly inHand: Upload | undefined
  /** The body of which the beginning was read to know what it is. */
  readonly begun: Intake | undefined
  /** Looks into the whole body. */
  readonly inspect: (body: ArrayBuffer) => Result<readonly Warning[], Problem>
}
