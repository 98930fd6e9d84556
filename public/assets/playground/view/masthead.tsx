import { type Theme, theme } from '../session.ts'

const THEMES: readonly (readonly [Theme, string])[] = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

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
      <label class="end theme">
        <span class="visually-hidden">Colours</span>
        <select
          value={theme.value}
          onChange={({ currentTarget }) => {
            theme.value = currentTarget.value as Theme
          }}
        >
          {THEMES.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </header>
  )
}
