/** What `decode` can be told. */
import { InvalidArgumentError } from 'commander'
import type { DecodeOptions as Order } from '../../client/index.ts'
import { MAX_DEADLINE_MS, MIN_DEADLINE_MS } from '../../wire/deadline.ts'
import type { LatentDtype } from '../../wire/dtype.ts'
import { UsageFailure } from '../ending.ts'
import type { JsonOption } from '../terminal/say.ts'

export interface DecodeOptions extends JsonOption {
  readonly url?: string
  readonly key?: string
  readonly model?: string
  readonly output?: string
  readonly force?: true
  readonly shape?: readonly number[]
  readonly dtype?: LatentDtype
  readonly tensor?: string
  readonly height?: number
  readonly width?: number
  readonly scalingFactor?: number
  readonly shiftFactor?: number
  /** False with --no-scaling. */
  readonly scaling: boolean
  /** Milliseconds. */
  readonly deadline?: number
}

export function parseShape(text: string): number[] {
  const sizes = text.replace(/^\[(.*)\]$/, '$1').split(/[,x]/)
  if (!sizes.every((size) => /^[1-9][0-9]{0,4}$/.test(size.trim()))) {
    throw new InvalidArgumentError('Expected whole numbers, as in 1,4,64,64.')
  }
  return sizes.map(Number)
}

export const parsePixels = (text: string): number => {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError('Expected pixels from 1 to 99999.')
  return Number(text)
}

export const parseFactor = (text: string): number => {
  const factor = Number(text)
  if (text.trim() === '' || !Number.isFinite(factor)) throw new InvalidArgumentError('Expected a number.')
  return factor
}

export const parseDeadline = (text: string): number => {
  const ms = Math.round(Number(text) * 1000)
  if (!(ms >= MIN_DEADLINE_MS && ms <= MAX_DEADLINE_MS)) {
    throw new InvalidArgumentError(
      `Expected seconds from ${MIN_DEADLINE_MS / 1000} to ${MAX_DEADLINE_MS / 1000}.`,
    )
  }
  return ms
}

/**
 * What is asked of the gateway.
 *
 * @throws UsageFailure where one option is missing beside another
 */
export function orderOf(options: DecodeOptions): Order {
  const { model, height, width, scaling, scalingFactor: factor, shiftFactor: shift, deadline } = options
  if (shift !== undefined && factor === undefined) {
    throw new UsageFailure('Expected --scaling-factor as well as --shift-factor.')
  }
  if ((height === undefined) !== (width === undefined))
    throw new UsageFailure('Expected --height and --width.')
  return {
    ...(model !== undefined && { model }),
    ...(height !== undefined && { height }),
    ...(width !== undefined && { width }),
    ...(deadline !== undefined && { deadlineMs: deadline }),
    scaling: factor !== undefined ? { factor, shift } : scaling ? 'model' : 'none',
  }
}
