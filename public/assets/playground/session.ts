/** Who is here: the key, which is forgotten with the page unless somebody asks otherwise. */
import { signal } from '@preact/signals'
import { startSecret } from '../base/secret.ts'
import { startTheme } from '../base/theme.ts'

export const key = signal('')
/** Whether this browser keeps the key. */
export const keepsKey = signal(false)

/** A key comes behind `#key=…` as well, where `npm start` puts it. */
export function startSession(): void {
  startTheme()
  const kept = { keptIn: 'localStorage', keptAs: 'vae-gateway.key' } as const
  startSecret({ text: key, isKept: keepsKey, inAddress: 'key', ...kept })
}
