import { ThemeChoice } from '../../base/theme-choice.tsx'

export function Masthead() {
  return (
    <header class="masthead">
      <h1>
        <img src="/assets/icon.svg" alt="" />
        vae-gateway
      </h1>
      <nav aria-label="Pages">
        <a href="/" aria-current="page">
          Playground
        </a>
        <a href="/docs">API</a>
      </nav>
      <div class="end">
        <ThemeChoice />
      </div>
    </header>
  )
}
