/** Who is here: the key, which is forgotten with the page unless somebody asks otherwise. */
import { effect, signal } from '@preact/signals'
import { secretOfAddress } from '../base/address.ts'
import { stored } from '../base/stored.ts'
import { startTheme } from '../base/theme.ts'

const KEY = 'vae-gateway.key'

export const key = signal('')
/** Whether this browser keeps the key. */
export const keepsKey = signal(false)

/** A key comes behind `#key=…` as well, where `npm start` puts it. */
export function startSession(): void {
  startTheme()
  const kept = stored('localStorage', KEY)
  keepsKey.value = kept !== null
  key.value = secretOfAddress('key') ?? kept ?? ''
  // The same tab, to which the link of another start is pasted.
  addEventListener('hashchange', () => {
    key.value = secretOfAddress('key') ?? key.value
  })
  effect(() => void stored('localStorage', KEY, keepsKey.value && key.value ? key.value : null))
}
