import type { Board } from '../board.ts'
import { count, lastOf, percent } from '../format.ts'
import { isExplained, titleOf } from '../outcome.ts'

const TONES = { served: 'good', refused: 'warn', failed: 'bad', left: 'off' } as const

/** How requests ended. */
export function OutcomeTable({ board: { outcomes, windowMs } }: { readonly board: Board }) {
  const all = outcomes.reduce((sum, row) => sum + row.count, 0)
  return (
    <section aria-labelledby="outcomes-title">
      <div class="head">
        <h2 id="outcomes-title">Requests by outcome</h2>
        <span class="soft">{lastOf(windowMs)}</span>
      </div>
      {outcomes.length === 0 ? (
        <p class="hint">No request yet, since this page began to watch.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Outcome</th>
              <th scope="col" class="number">
                Requests
              </th>
              <th scope="col" class="number">
                Share
              </th>
            </tr>
          </thead>
          <tbody>
            {outcomes.map(({ outcome, kind, count: some }) => (
              <tr key={outcome}>
                <th scope="row">
                  <span class={`dot ${TONES[kind]}`} />
                  {isExplained(outcome) ? (
                    <a href={`/problems/${outcome}`}>{titleOf(outcome)}</a>
                  ) : (
                    titleOf(outcome)
                  )}
                  {kind !== 'served' && <span class="soft"> {kind}</span>}
                </th>
                <td class="number">{count(some)}</td>
                <td class="number">{percent(some / all)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
