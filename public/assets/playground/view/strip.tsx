/** All that lies on the table, as thumbnails, and how much of it is done. */
import { useMemo } from 'preact/hooks'
import { type Item, items, type Order, removeItem, selectedId } from '../item.ts'
import { previewOf } from '../preview.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Thumbnail } from './thumbnail.tsx'

export function Strip() {
  const all = items.value
  const expected = all.filter(({ source }) => source.kind !== 'unreadable').length
  const done = all.filter(({ work }) => work.state === 'done').length
  const failed = all.filter(({ work }) => work.state === 'done' && work.outcome.kind === 'problem').length
  return (
    <section class="strip" aria-label="Files">
      <div class="row between">
        <p class="hint" role="status">
          {done} of {expected} answered{failed > 0 && `, ${failed} with a problem`}
        </p>
        <button type="button" class="quiet" onClick={() => all.forEach(removeItem)}>
          Clear
        </button>
      </div>
      <progress max={Math.max(expected, 1)} value={done} aria-label="Answered" />
      <ul>
        {all.map((item) => (
          <li key={item.id}>
            <Entry item={item} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Entry({ item }: { readonly item: Item }) {
  const isSelected = selectedId.value === item.id
  return (
    <>
      <button
        type="button"
        class={`thumb ${stateOf(item)}`}
        aria-pressed={isSelected}
        aria-label={`${item.name}, ${stateOf(item)}`}
        title={item.name}
        onClick={() => {
          selectedId.value = item.id
        }}
      >
        <Image item={item} />
      </button>
      <button
        type="button"
        class="remove"
        aria-label={`Remove ${item.name}`}
        onClick={() => removeItem(item)}
      >
        ×
      </button>
    </>
  )
}

function stateOf({ source, work }: Item): string {
  if (source.kind === 'unreadable') return 'unreadable'
  if (work.state !== 'done') return work.state
  return work.outcome.kind === 'problem' ? 'failed' : 'answered'
}

function Image({ item: { source, work, order } }: { readonly item: Item }) {
  if (work.state === 'done' && work.outcome.kind === 'picture' && work.outcome.blob.type.startsWith('image/'))
    return <img src={work.outcome.url} alt="" />
  if (source.kind === 'picture') return <img src={source.url} alt="" />
  if (source.kind === 'latent') return <Miniature tensor={source.tensor} order={order} />
  return <span aria-hidden="true">?</span>
}

function Miniature({ tensor, order }: { readonly tensor: Tensor; readonly order: Order }) {
  return <Thumbnail image={useMemo(() => previewOf(tensor, order), [tensor, order])} />
}
