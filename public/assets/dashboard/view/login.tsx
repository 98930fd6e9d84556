import { useRef, useState } from 'preact/hooks'
import { keepsToken, refusal, token } from '../session.ts'

/** The token is typed by whoever has it; nothing of the gateway is shown before. */
export function Login() {
  const field = useRef<HTMLInputElement>(null)
  const [keeps, setKeeps] = useState(false)
  return (
    <form
      class="login"
      onSubmit={(event) => {
        event.preventDefault()
        const typed = field.current?.value.trim() ?? ''
        if (typed === '') return field.current?.focus()
        keepsToken.value = keeps
        refusal.value = ''
        token.value = typed
      }}
    >
      <h2>For operators</h2>
      <p class="hint" id="token-hint">
        Pools, backends and keys at work. What this gateway calls <code>ADMIN_TOKEN</code> opens it; the token
        is sent to this gateway only, and forgotten with this page.
      </p>
      {refusal.value !== '' && (
        <p class="notice bad" role="alert">
          {refusal.value}
        </p>
      )}
      <label for="token">Admin token</label>
      <div class="row">
        <input
          id="token"
          ref={field}
          class="mono"
          type="password"
          autocomplete="off"
          spellcheck={false}
          aria-describedby="token-hint"
          required
        />
        <button type="submit" class="primary">
          Open
        </button>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={keeps}
          onChange={({ currentTarget }) => setKeeps(currentTarget.checked)}
        />
        Keep until this tab is closed
      </label>
    </form>
  )
}
