/** A secret that somebody types, or whose link is opened: in memory, and in the browser's storage for who asks. */
import { effect, type Signal } from '@preact/signals'
import { secretOfAddress } from './address.ts'
import { stored } from './stored.ts'

export interface Secret {
  /** Empty where there is none. */
  readonly text: Signal<string>
  readonly isKept: Signal<boolean>
  /** What it is called behind the # of the address. */
  readonly inAddress: string
  readonly keptIn: 'localStorage' | 'sessionStorage'
  /** What it is called there. */
  readonly keptAs: string
}

/** Looks for it in the address, then where it was kept; from then on it is kept there, or not, as `isKept` says. */
export function startSecret({ text, isKept, inAddress, keptIn, keptAs }: Secret): void {
  const kept = stored(keptIn, keptAs)
  isKept.value = kept !== null
  text.value = secretOfAddress(inAddress) ?? kept ?? ''
  // The same tab, to which the link of another start is pasted.
  addEventListener('hashchange', () => {
    text.value = secretOfAddress(inAddress) ?? text.value
  })
  effect(() => void stored(keptIn, keptAs, isKept.value && text.value ? text.value : null))
}
