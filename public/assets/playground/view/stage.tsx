/** One item: what the latent shows by itself, beside what came back. */
import { describeFailure, describeWait } from '../course.ts'
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
        <Status item={item} />
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
        {source.kind === 'raw' && (
          <p class="hint">With a shape, what these bytes show by themselves will be here.</p>
        )}
        {source.kind !== 'raw' && <Answer item={item} />}
      </div>
      {outcome && outcome.kind !== 'problem' && (
        <>
          <Warnings warnings={outcome.facts.answer.warnings} />
          <FactList outcome={outcome} />
        </>
      )}
      {source.kind !== 'raw' && <Snippets item={item} />}
    </>
  )
}

/** For who listens: each change of state, and no bytes. */
function Status({ item: { work } }: { readonly item: Item }) {
  switch (work.state) {
    case 'ready':
      return null
    case 'waiting':
      return 'Waiting its turn.'
    case 'running': {
      const { retry } = work.course.value ?? {}
      return retry ? `${describeFailure(retry)} ${describeWait(retry, retry.delayMs)}.` : 'Sent.'
    }
    case 'done':
      return work.outcome.kind === 'problem'
        ? null
        : `Answered in ${Math.round(work.outcome.facts.ms)} milliseconds.`
  }
}
