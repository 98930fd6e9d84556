import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import { type Item, whatIsMissing } from '../item.ts'
import { LANGUAGES, type Language, snippetOf } from '../snippets.ts'

const language = signal<Language>('Python')

/** The same request from a program. */
export function Snippets({ item }: { readonly item: Item }) {
  const [said, setSaid] = useState('')
  if (whatIsMissing(item) !== undefined) return null
  const text = snippetOf(language.value, item, location.origin)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      setSaid('The browser did not let it be copied')
    }
  }
  return (
    <section class="snippets" aria-labelledby="snippets">
      <div class="row between wrap">
        <h2 id="snippets">The same from a program</h2>
        <fieldset class="row">
          <legend class="visually-hidden">Language</legend>
          {LANGUAGES.map((each) => (
            <button
              type="button"
              key={each}
              class="tab"
              aria-pressed={language.value === each}
              onClick={() => {
                language.value = each
                setSaid('')
              }}
            >
              {each}
            </button>
          ))}
        </fieldset>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <div class="row between">
        <p class="hint">KEY is your API key.</p>
        <div class="row">
          <span class="hint" role="status">
            {said}
          </span>
          <button type="button" onClick={copy}>
            Copy
          </button>
        </div>
      </div>
    </section>
  )
}
