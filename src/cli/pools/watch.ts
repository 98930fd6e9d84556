import { InvalidArgumentError } from 'commander'
import { realAmbient } from '../../lib/ambient.ts'
import { sleep } from '../../lib/sleep.ts'
import { type AccessOptions, adminClient, gatewayUrl, unwrap, withAccess } from '../admin/access.ts'
import type { AdminClient } from '../admin/client.ts'
import { newCommand } from '../command.ts'
import { CommandFailure } from '../ending.ts'
import { interruption } from '../terminal/interrupt.ts'
import { type JsonOption, paint } from '../terminal/say.ts'
import { openScreen } from '../terminal/screen.ts'
import { truncate } from '../terminal/table.ts'
import { describePools } from './frame.ts'

interface WatchOptions extends AccessOptions, JsonOption {
  /** Seconds. */
  readonly interval: number
  readonly count: number
}

const parseSeconds = (text: string): number => {
  const value = Number(text)
  if (!(value >= 0.2 && value <= 3600)) throw new InvalidArgumentError('Expected seconds from 0.2 to 3600.')
  return value
}

const parseCount = (text: string): number => {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number above 0.')
  return Number(text)
}

export const watchPools = withAccess(
  newCommand('watch', {
    summary: 'show the pools and go on showing them, until Ctrl-C',
    examples: ['vae-gateway pools watch', 'vae-gateway pools watch --json --interval 60 >> pools.jsonl'],
  }),
)
  .option('--interval <seconds>', 'how often', parseSeconds, 2)
  .option('--count <n>', 'end after so many times (default: never)', parseCount, Number.POSITIVE_INFINITY)
  .action(async (options: WatchOptions) => {
    const { json, interval, count } = options
    const interrupted = interruption()
    const client = adminClient(options, interrupted)
    const show =
      process.stdout.isTTY && !json ? onScreen(gatewayUrl(options, process.env), interval) : inLines(json)
    try {
      for (let times = 0; times < count && !interrupted.aborted; times++) {
        if (times > 0) await sleep(interval * 1000, realAmbient, interrupted)
        if (interrupted.aborted) break
        await show.next(client)
      }
    } catch (error) {
      // A question that was called off is no failure.
      if (!interrupted.aborted) throw error
    } finally {
      show.end()
    }
  })

/** One way of showing pools again and again. */
interface Show {
  next(client: AdminClient): Promise<void>
  end(): void
}

/** For a person: a gateway that is out of reach for a moment is said to be, and looked for again. */
function onScreen(url: string, interval: number): Show {
  const screen = openScreen(process.stdout)
  let lines: readonly string[] = []
  return {
    async next(client) {
      const now = realAmbient.wallNow()
      const width = process.stdout.columns ?? 80
      const time = new Date(now).toISOString().slice(11, 19)
      const head = truncate(`${url}  ${time} UTC  every ${interval} s, Ctrl-C ends`, width)
      const answer = await client.pools()
      if (answer.ok) lines = describePools(answer.value, width, now)
      const trouble = answer.ok
        ? []
        : [
            paint(
              'red',
              truncate(
                whyNot(() => unwrap(answer)),
                width,
              ),
            ),
            '',
          ]
      screen.draw([paint('dim', head), '', ...trouble, ...lines])
    },
    end: () => screen.close(),
  }
}

function whyNot(ask: () => unknown): string {
  try {
    ask()
    return ''
  } catch (error) {
    if (error instanceof CommandFailure) return error.message
    throw error
  }
}

/** For a program or a file: one object per line, or a table after the other; a failure ends it. */
function inLines(json: true | undefined): Show {
  return {
    async next(client) {
      const pools = unwrap(await client.pools())
      const now = realAmbient.wallNow()
      const time = new Date(now).toISOString()
      const text = json
        ? JSON.stringify({ time, pools })
        : [time, ...describePools(pools, 80, now), ''].join('\n')
      process.stdout.write(`${text}\n`)
    },
    end: () => undefined,
  }
}
