/** The admin token: in memory, and in this tab for who asks; never beyond it. */
import { effect, signal } from '@preact/signals'
import { startSecret } from '../base/secret.ts'
import { startTheme } from '../base/theme.ts'

export const token = signal('')
/** Whether it outlives a reload of this tab. */
export const keepsToken = signal(false)
/** Why the page is closed again; empty at first. */
export const refusal = signal('')

/** A token comes behind `#token=…` as well. */
export function startSession(): void {
  startTheme()
  const kept = { keptIn: 'sessionStorage', keptAs: 'vae-gateway.admin-token' } as const
  startSecret({ text: token, isKept: keepsToken, inAddress: 'token', ...kept })
}

/** Forgets the token, here and in the tab. */
export function leave(why = ''): void {
  token.value = ''
  keepsToken.value = false
  refusal.value = why
}

/** Calls once, when there is a token for the first time. */
export function whenOpened(call: () => void): void {
  const stop = effect(() => {
    if (token.value === '') return
    queueMicrotask(() => stop())
    call()
  })
}
