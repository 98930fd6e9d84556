import { clock } from '../format.ts'
import { STATES } from '../health.ts'
import { changes } from '../watch.ts'

/** States that backends came into while this page watched, the latest first. */
export function ChangeList() {
  return (
    <section aria-labelledby="changes-title">
      <div class="head">
        <h2 id="changes-title">Changes</h2>
        <span class="soft">since this page began to watch</span>
      </div>
      {changes.value.length === 0 ? (
        <p class="hint">No backend has changed its state.</p>
      ) : (
        <ol class="changes">
          {changes.value.map(({ at, backend, from, to, reason }) => (
            <li key={`${at}${backend}`}>
              <time>{clock(at)}</time>
              <span>
                <span class="mono">{backend}</span> <span class="soft">{STATES[from].label} →</span>{' '}
                <span class={`state ${STATES[to].tone}`}>{STATES[to].label}</span>{' '}
                <span class="soft">{reason}</span>
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
