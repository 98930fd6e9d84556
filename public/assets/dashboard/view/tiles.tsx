import type { Board } from '../board.ts'
import { amount, count, duration, percent, times } from '../format.ts'
import { servedShare } from '../summary.ts'

interface TileProps {
  readonly label: string
  readonly value: string
  readonly note: string
  readonly tone?: 'warn' | 'bad' | undefined
}

const Tile = ({ label, value, note, tone }: TileProps) => (
  <div class={`tile ${tone ?? ''}`}>
    <dt>{label}</dt>
    <dd>
      <span class="value">{value}</span>
      <span class="note">{note}</span>
    </dd>
  </div>
)

const UNKNOWN = '–'
const seconds = (value: number | null): string => (value === null ? UNKNOWN : duration(value * 1000))

/** Whether all is well, in six numbers. */
export function Tiles({ board: { summary, windowMs } }: { readonly board: Board }) {
  const { backends, serving, silentPools, ended, waiting, longestWaitMs, actualS, expectedS } = summary
  const { requestsPerMinute, megapixelsPerMinute, p50, p95 } = summary
  const share = servedShare(ended)
  const none = serving === 0
  const ratio = actualS !== null && expectedS ? actualS / expectedS : null
  return (
    <section aria-label="Now">
      <dl class="tiles">
        <Tile
          label="Backends in service"
          value={`${serving} of ${backends}`}
          note={
            silentPools > 0
              ? `${silentPools} ${silentPools === 1 ? 'pool is' : 'pools are'} silent`
              : none
                ? 'nobody decodes'
                : backends - serving === 0
                  ? 'all of them'
                  : `${backends - serving} out`
          }
          tone={none ? 'bad' : serving < backends ? 'warn' : undefined}
        />
        <Tile
          label="Requests"
          value={requestsPerMinute === null ? UNKNOWN : `${amount(requestsPerMinute)} /min`}
          note={
            megapixelsPerMinute === null
              ? 'in the last minute'
              : `${amount(megapixelsPerMinute)} megapixels /min`
          }
        />
        <Tile
          label="Served"
          value={share === null ? UNKNOWN : percent(share)}
          note={
            share === null
              ? 'no request yet'
              : `${count(ended.failed)} failed, ${count(ended.refused)} refused in ${duration(windowMs)}`
          }
          tone={ended.failed > 0 ? (ended.failed > ended.served / 20 ? 'bad' : 'warn') : undefined}
        />
        <Tile
          label="Waiting"
          value={count(waiting)}
          note={
            longestWaitMs > 0 ? `the next starts in ${duration(longestWaitMs)}` : 'the next starts at once'
          }
          tone={longestWaitMs > 30_000 ? 'bad' : longestWaitMs > 10_000 ? 'warn' : undefined}
        />
        <Tile
          label="Answered in"
          value={seconds(p50)}
          note={p95 === null ? 'no answer yet' : `19 of 20 in ${seconds(p95)}`}
        />
        <Tile
          label="Decode, of expected"
          value={ratio === null ? UNKNOWN : times(ratio)}
          note={ratio === null ? 'no decode yet' : `${seconds(actualS)}, expected ${seconds(expectedS)}`}
          tone={ratio !== null && ratio >= 2 ? 'warn' : undefined}
        />
      </dl>
    </section>
  )
}
