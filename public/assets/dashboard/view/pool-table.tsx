import { duration } from '../format.ts'
import type { PoolRow } from '../rows.ts'
import { poolsWorstFirst } from '../worst-first.ts'

/** What waits where. */
export function PoolTable({ pools }: { readonly pools: readonly PoolRow[] }) {
  if (pools.length === 0) return null
  return (
    <section aria-labelledby="pools-title">
      <div class="head">
        <h2 id="pools-title">Pools</h2>
        <span class="soft">{pools.length === 1 ? 'one' : pools.length}</span>
      </div>
      <table class="pools">
        <thead>
          <tr>
            <th scope="col">Pool</th>
            <th scope="col" class="number">
              In service
            </th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col" class="number">
              Next starts in
            </th>
            <th scope="col" class="number wide">
              <abbr title="19 of 20 jobs that got a slot had waited less">Waited</abbr>
            </th>
          </tr>
        </thead>
        <tbody>
          {poolsWorstFirst(pools).map((pool) => (
            <PoolLine key={pool.name} {...pool} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

const PoolLine = ({ name, shard, models, isReachable, queued, waitMs, size, serving, waitedS }: PoolRow) => (
  <tr class={isReachable ? (serving === 0 ? 'bad' : 'good') : 'bad'}>
    <th scope="row">
      <span class="mono id">{name}</span>
      <span class="sub models" title={models.join(', ')}>
        {shard !== null && `${shard} · `}
        {models.join(', ')}
      </span>
    </th>
    {isReachable ? (
      <>
        <td class="number">
          {serving} of {size}
        </td>
        <td class="number">{queued}</td>
        <td class="number">{waitMs > 0 ? duration(waitMs) : 'at once'}</td>
        <td class="number wide">{waitedS === null ? '–' : duration(waitedS * 1000)}</td>
      </>
    ) : (
      <td colSpan={4}>
        <span class="state warn">Silent</span>
        <span class="sub why">
          Its object does not answer. Decodes go on without it, placed by each Worker by itself.
        </span>
      </td>
    )}
  </tr>
)
