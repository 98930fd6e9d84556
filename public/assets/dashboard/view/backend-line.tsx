import { count, duration, times } from '../format.ts'
import { STATES, whyOf } from '../health.ts'
import type { BackendRow } from '../rows.ts'
import { worriesOf } from '../worst-first.ts'
import { openOrders } from './order-dialog.tsx'

interface BackendLineProps {
  readonly row: BackendRow
  readonly hasPools: boolean
  readonly now: number
}

export function BackendLine({ row, hasPools, now }: BackendLineProps) {
  const { id, models, pool, kind, state, leases, slots, speed, samples, attempts, failures } = row
  const { label, tone } = STATES[state]
  const worries = worriesOf(row)
  const why = [whyOf(row, row.sinceAt, now), worries].filter((text) => text !== '').join(' ')
  return (
    <tr class={worries === '' ? tone : 'warn'}>
      <th scope="row" class="mono id" title={id}>
        {id}
      </th>
      <td class="wide sub models" title={[...models, `pool ${pool}`].join(', ')}>
        {[models.join(', '), ...(hasPools ? [pool] : []), ...(kind === 'preview' ? [kind] : [])].join(' · ')}
      </td>
      <td>
        <span class={`state ${STATES[state].tone}`}>{label}</span>
        {why !== '' && <span class="why"> {why}</span>}
      </td>
      <td class="number">
        {leases}/{slots}
      </td>
      <td class="number wide">{row.actualS === null ? '–' : duration(row.actualS * 1000)}</td>
      <td class="number wide soft">{row.expectedS === null ? '–' : duration(row.expectedS * 1000)}</td>
      <td class="number wide">{samples === 0 ? '–' : times(speed)}</td>
      <td class="number wide">{count(attempts)}</td>
      <td class={`number wide ${failures > 0 ? 'failed' : 'soft'}`}>
        {failures > 0 ? (
          <abbr title={row.reasons.map(([why, some]) => `${count(some)} ${why}`).join(', ')}>
            {count(failures)}
          </abbr>
        ) : (
          '0'
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
