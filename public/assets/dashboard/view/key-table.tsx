import type { Board } from '../board.ts'
import { amount, count, lastOf } from '../format.ts'
import { names } from '../names.ts'
import { OTHERS } from '../rows.ts'

/** Who uses the gateway, by id and name of keys. */
export function KeyTable({ board: { keys, windowMs } }: { readonly board: Board }) {
  return (
    <section aria-labelledby="keys-title">
      <div class="head">
        <h2 id="keys-title">Keys by use</h2>
        <span class="soft">{lastOf(windowMs)}</span>
      </div>
      {keys.length === 0 ? (
        <p class="hint">No key was used, since this page began to watch.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col" class="number">
                Requests
              </th>
              <th scope="col" class="number">
                Refused
              </th>
              <th scope="col" class="number">
                Failed
              </th>
              <th scope="col" class="number">
                Megapixels
              </th>
            </tr>
          </thead>
          <tbody>
            {keys.map(({ id, counts, requests, megapixels }) => (
              <tr key={id}>
                <th scope="row">
                  {names.value.get(id) && <span>{names.value.get(id)} </span>}
                  <span class="mono soft">{id === OTHERS ? 'all others' : id}</span>
                </th>
                <td class="number">{count(requests)}</td>
                <td class={`number ${counts.refused > 0 ? 'refused' : 'soft'}`}>{count(counts.refused)}</td>
                <td class={`number ${counts.failed > 0 ? 'failed' : 'soft'}`}>{count(counts.failed)}</td>
                <td class="number">{amount(megapixels)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
