/** Light, dark, or as the system has it; kept in this browser once somebody chose. */
import { effect, signal } from '@preact/signals'
import { stored } from './stored.ts'

const THEME = 'vae-gateway.theme'

export type Theme = 'system' | 'light' | 'dark'

export const theme = signal<Theme>('system')

export function startTheme(): void {
  const chosen = stored('localStorage', THEME)
  theme.value = chosen === 'light' || chosen === 'dark' ? chosen : 'system'
  effect(() => {
    document.documentElement.dataset.theme = theme.value
    stored('localStorage', THEME, theme.value === 'system' ? null : theme.value)
  })
}
