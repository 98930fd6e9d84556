import { type Item, items, selected, whatIsMissing } from '../item.ts'
import { openItems, run, stop } from '../send.ts'

/** On a phone the answer appears below what is on the screen. */
function start(wanted: readonly Item[]): void {
  void run(wanted)
  const stage = document.getElementById('stage')
  if (stage && stage.getBoundingClientRect().top > innerHeight / 2) stage.scrollIntoView()
}

/** Starts what can be started, and says how far it is. */
export function RunBar() {
  const item = selected.value
  const all = items.value
  const underWay = all.filter(({ work }) => work.state === 'running' || work.state === 'waiting').length
  const open = openItems()
  const missing = item && whatIsMissing(item)
  const isBusy = item?.work.state === 'running' || item?.work.state === 'waiting'
  const verb = item?.source.kind === 'picture' ? 'Encode' : 'Decode'
  return (
    <section class="run" aria-label="Run">
      <div class="row">
        <button
          type="button"
          class="primary grow"
          disabled={!item || missing !== undefined || isBusy}
          onClick={() => item && start([item])}
        >
          {verb}
        </button>
        {open.some(({ id }) => id !== item?.id) && underWay === 0 && (
          <button type="button" onClick={() => start(open)}>
            All {open.length}
          </button>
        )}
        {underWay > 0 && (
          <button type="button" onClick={stop}>
            Stop
          </button>
        )}
      </div>
      {missing && item?.source.kind !== 'unreadable' && <p class="hint">{missing}</p>}
    </section>
  )
}
