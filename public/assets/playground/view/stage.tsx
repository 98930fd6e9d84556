/** One item: what the latent shows by itself, beside what came back. */
import type { Item } from '../item.ts'
import { Answer } from './answer.tsx'
import { FactList } from './fact-list.tsx'
import { InstantPreview } from './instant-preview.tsx'
import { Snippets } from './snippets.tsx'
import { Warnings } from './warnings.tsx'

export function Stage({ item }: { readonly item: Item }) {
  const { source, work } = item
  const outcome = work.state === 'done' ? work.outcome : undefined
  if (source.kind === 'unreadable')
    return (
      <div class="notice bad" role="alert">
        <h2>{item.name} is no latent and no picture</h2>
        <p>{source.why}</p>
      </div>
    )
  return (
    <>
      <h2 class="name">{item.name}</h2>
      <p class="visually-hidden" role="status">
        {statusOf(item)}
      </p>
      <div class="pair">
        {source.kind === 'latent' && <InstantPreview tensor={source.tensor} order={item.order} />}
        {source.kind === 'picture' && (
          <figure>
            <div class="frame">
              <img src={source.url} alt={item.name} />
            </div>
            <figcaption>What is sent</figcaption>
          </figure>
        )}
        {source.kind !== 'raw' && <Answer item={item} />}
      </div>
      {outcome && outcome.kind !== 'problem' && (
        <>
          <Warnings codes={outcome.facts.warnings} />
          <FactList outcome={outcome} />
        </>
      )}
      {source.kind !== 'raw' && <Snippets item={item} />}
    </>
  )
}

function statusOf({ work }: Item): string {
  if (work.state === 'ready') return ''
  if (work.state !== 'done') return 'Sent; waiting for the answer.'
  const { outcome } = work
  return outcome.kind === 'problem' ? '' : `Answered in ${Math.round(outcome.facts.ms)} milliseconds.`
}
