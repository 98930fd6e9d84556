import { ThemeChoice } from '../../base/theme-choice.tsx'
import { leave, token } from '../session.ts'
import { link } from '../watch.ts'

const LINKS = { opening: 'Opening', live: 'Live', paused: 'Paused', lost: 'No answer' } as const

export function Masthead() {
  const { state } = link.value
  return (
    <header class="masthead">
      <h1>
        <img src="/assets/icon.svg" alt="" />
        <span>
          <span class="product">vae-gateway</span> Dashboard
        </span>
      </h1>
      <nav aria-label="Pages">
        <a href="/">Playground</a>
        <a href="/docs">API</a>
      </nav>
      <div class="end">
        {token.value !== '' && (
          <>
            <span class={`link ${state}`}>{LINKS[state]}</span>
            <button type="button" class="quiet" onClick={() => leave()}>
              Leave
            </button>
          </>
        )}
        <ThemeChoice />
      </div>
    </header>
  )
}
