/** Who is here: the key, and light or dark. Both are forgotten with the page unless somebody asks otherwise. */
import { effect, signal } from '@preact/signals'

const KEY = 'vae-gateway.key'
const THEME = 'vae-gateway.theme'

export type Theme = 'system' | 'light' | 'dark'

export const key = signal('')
/** Whether this browser keeps the key. */
export const keepsKey = signal(false)
export const theme = signal<Theme>('system')

/** A browser that keeps nothing for this page throws; the page does without. */
function stored(name: string, value?: string | null): string | null {
  try {
    if (value === null) localStorage.removeItem(name)
    else if (value !== undefined) localStorage.setItem(name, value)
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

/**
 * Takes a key out of `#key=…`, where `npm start` puts it: what stands behind the # is never sent. It leaves the address bar at
 * once.
 */
function keyOfAddress(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('key')
  if (given !== null) history.replaceState(null, '', location.pathname + location.search)
  return given
}

export function startSession(): void {
  const kept = stored(KEY)
  keepsKey.value = kept !== null
  key.value = keyOfAddress() ?? kept ?? ''
  // The same tab, to which the link of another start is pasted.
  addEventListener('hashchange', () => {
    key.value = keyOfAddress() ?? key.value
  })
  const chosen = stored(THEME)
  theme.value = chosen === 'light' || chosen === 'dark' ? chosen : 'system'
  effect(() => void stored(KEY, keepsKey.value && key.value ? key.value : null))
  effect(() => {
    document.documentElement.dataset.theme = theme.value
    stored(THEME, theme.value === 'system' ? null : theme.value)
  })
}
