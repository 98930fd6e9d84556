import { count, duration, percent, times } from '../format.ts'
import { STATES, whyOf } from '../health.ts'
import type { BackendRow } from '../rows.ts'
import { isWorrying } from '../worst-first.ts'
import { openOrders } from './order-dialog.tsx'

interface BackendLineProps {
  readonly row: BackendRow
  readonly hasPools: boolean
  readonly now: number
}

export function BackendLine({ row, hasPools, now }: BackendLineProps) {
  const { id, models, pool, shard, kind, state, leases, slots, speed, samples, attempts, failures } = row
  const { label, tone } = STATES[state]
  const why = whyOf(row, row.sinceAt, now)
  const isSlow = samples > 0 && speed >= 1.5
  return (
    <tr class={isWorrying(row) ? 'warn' : tone}>
      <th scope="row">
        <span class="mono id">{id}</span>
        <span class="sub">
          <Models models={models} />
          {hasPools && ` · ${pool}`}
          {shard !== null && ` · ${shard}`}
          {kind === 'preview' && ' · preview'}
        </span>
      </th>
      <td>
        <span class={`state ${tone}`}>{label}</span>
        {why !== '' && <span class="sub why">{why}</span>}
      </td>
      <td class="number">
        {leases}/{slots}
      </td>
      <td class="number wide">
        {row.actualS === null ? '–' : duration(row.actualS * 1000)}
        {row.expectedS !== null && <span class="sub">of {duration(row.expectedS * 1000)}</span>}
      </td>
      <td class={`number wide ${isSlow ? 'slow' : ''}`}>{samples === 0 ? '–' : times(speed)}</td>
      <td class="number wide">{count(attempts)}</td>
      <td class="wide">
        {failures === 0 ? (
          <span class="soft">none</span>
        ) : (
          <>
            <b class="failed">{percent(failures / attempts)}</b>
            <span class="sub">
              {row.reasons.map(([reason, times]) => `${count(times)} ${reason}`).join(', ')}
            </span>
          </>
        )}
      </td>
      <td class="order">
        <button type="button" aria-haspopup="dialog" onClick={() => openOrders(id)}>
          Orders<span class="visually-hidden"> for {id}</span>
        </button>
      </td>
    </tr>
  )
}

const SHOWN = 3

function Models({ models }: { readonly models: readonly string[] }) {
  const more = models.length - SHOWN
  if (more <= 1) return <>{models.join(', ')}</>
  return (
    <span title={models.join(', ')}>
      {models.slice(0, SHOWN).join(', ')} and {more} more
    </span>
  )
}
