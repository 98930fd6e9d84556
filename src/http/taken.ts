/** What a request asks for, as the rest of its life takes it over: an order, and what of its body is here already. */
import type { Problem } from '../errors/problem.ts'
import type { Warning } from '../inspection/codes.ts'
import type { Result } from '../lib/result.ts'
import type { Order } from './order.ts'
import type { Upload } from './read-body.ts'

export interface Taken {
  readonly order: Order
  /** The whole body, when it came in JSON. */
  readonly inHand: ArrayBuffer | undefined
  /** What was read of the body to know what it is; to be released when all of it is there. */
  readonly beginning: Upload | undefined
  /** Looks into the whole body. */
  readonly inspect: (body: ArrayBuffer) => Result<readonly Warning[], Problem>
}
