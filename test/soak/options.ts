/** What a run is told on the command line. */
import { parseArgs } from 'node:util'

export interface SoakOptions {
  readonly minutes: number
  /** Decodes per second that are begun, whatever became of those before. */
  readonly rate: number
  /** The same seed chooses the same faults and the same latents; what meets what is up to the machine. */
  readonly seed: number
  /** Most backends that are faulty at a time. A request has three attempts, so two of them it must survive. */
  readonly faulty: number
  /** Whether backends may fail alike at the same time, which is blamed on the request when both were well just now. */
  readonly alike: boolean
  /** Beginnings of names of faults that may happen, such as `C2`; none: all of them. */
  readonly only: readonly string[]
  readonly json: boolean
}

export const USAGE =
  'npm run soak -- [--minutes 2] [--rate 25] [--seed <integer>] [--faulty 2] [--alike] [--only B5,C2] [--json]' +
  '\n\nLoad on a real gateway, one fault every second, and what must hold in spite of it; exits with 1 when it did not.'

/** @throws Error with one line for an option that is not as it must be */
export function readOptions(args: readonly string[], randomSeed: number): SoakOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '2' },
      rate: { type: 'string', default: '25' },
      seed: { type: 'string', default: String(randomSeed) },
      faulty: { type: 'string', default: '2' },
      alike: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    minutes: numberIn('minutes', values.minutes, 0.05, 10_080),
    rate: numberIn('rate', values.rate, 0.1, 1_000),
    seed: Math.floor(numberIn('seed', values.seed, 0, 2 ** 32 - 1)),
    faulty: Math.floor(numberIn('faulty', values.faulty, 0, 3)),
    alike: values.alike,
    only: values.only.split(',').filter((name) => name !== ''),
    json: values.json,
  }
}

function numberIn(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most) return value
  throw new Error(`Expected --${name} to be a number from ${least} to ${most}, not "${text}".`)
}
