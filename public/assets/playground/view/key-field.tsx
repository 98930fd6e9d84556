import { signal } from '@preact/signals'
import { keepsKey, key } from '../session.ts'

const isShown = signal(false)

/** The key is sent with requests to this gateway and stays in this tab, unless the reader asks the browser to keep it. */
export function KeyField() {
  return (
    <section aria-labelledby="key-title">
      <h2 id="key-title">
        <label for="key">API key</label>
      </h2>
      <div class="row">
        <input
          id="key"
          class="mono"
          {...(isShown.value ? { type: 'text' as const } : { type: 'password' as const })}
          autocomplete="off"
          spellcheck={false}
          placeholder="vg_…"
          value={key.value}
          aria-describedby="key-hint"
          onInput={({ currentTarget }) => {
            key.value = currentTarget.value.trim()
          }}
        />
        <button
          type="button"
          aria-pressed={isShown.value}
          onClick={() => {
            isShown.value = !isShown.value
          }}
        >
          Show
        </button>
      </div>
      <div class="row between">
        <label class="check">
          <input
            type="checkbox"
            checked={keepsKey.value}
            onChange={({ currentTarget }) => {
              keepsKey.value = currentTarget.checked
            }}
          />
          Keep in this browser
        </label>
        {key.value && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              key.value = ''
              keepsKey.value = false
            }}
          >
            Forget
          </button>
        )}
      </div>
      <p id="key-hint" class="hint">
        Forgotten with this tab unless kept. Without one, what this gateway grants to anybody.
      </p>
    </section>
  )
}
