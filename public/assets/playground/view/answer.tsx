/** What came back: a picture, a video, a latent, a problem; or that it is on its way. */
import { addItem, type Item } from '../item.ts'
import { extensionOf, type Outcome } from '../outcome.ts'
import { InstantPreview } from './instant-preview.tsx'
import { LatentFiles } from './latent-files.tsx'
import { ProblemNotice } from './problem-notice.tsx'

export function Answer({ item }: { readonly item: Item }) {
  const { work } = item
  if (work.state !== 'done') {
    const isOnItsWay = work.state !== 'ready'
    return (
      <figure aria-busy={isOnItsWay}>
        <div class={`frame ${isOnItsWay ? 'busy' : 'vacant'}`}>
          <p class="hint">
            {{ ready: 'Not sent yet', waiting: 'Waiting its turn', running: 'Under way' }[work.state]}
          </p>
        </div>
        <figcaption>Answer</figcaption>
      </figure>
    )
  }
  const { outcome } = work
  if (outcome.kind === 'problem') return <ProblemNotice problem={outcome.problem} />
  return outcome.kind === 'latent' ? (
    <LatentAnswer item={item} outcome={outcome} />
  ) : (
    <PictureAnswer item={item} outcome={outcome} />
  )
}

function PictureAnswer({
  item,
  outcome: { url, blob, facts },
}: {
  readonly item: Item
  readonly outcome: Extract<Outcome, { kind: 'picture' }>
}) {
  const isVideo = blob.type.startsWith('video/')
  return (
    <figure>
      <div class="frame">
        {isVideo ? (
          <video
            src={url}
            controls
            loop
            muted
            autoplay
            playsInline
            aria-label={`The video of ${item.name}`}
          />
        ) : (
          <img src={url} alt={`Decoded: ${item.name}`} />
        )}
      </div>
      <figcaption>
        {facts.isPreview ? 'Approximate answer, made without a GPU' : 'Answer'}
        <a href={url} download={`${item.name.replace(/\.\w+$/, '')}.${extensionOf(blob.type)}`}>
          Download
        </a>
      </figcaption>
    </figure>
  )
}

function LatentAnswer({
  item,
  outcome: { tensor },
}: {
  readonly item: Item
  readonly outcome: Extract<Outcome, { kind: 'latent' }>
}) {
  const { modelId, isScaled } = item.order
  const again = (): void => {
    addItem(`${item.name} again`, { kind: 'latent', tensor }, { ...(modelId && { modelId }), isScaled })
  }
  return (
    <div class="latent">
      <InstantPreview tensor={tensor} order={{ ...item.order, size: undefined }} />
      <p class="mono">
        [{tensor.shape.join(', ')}] {tensor.dtype}
      </p>
      <LatentFiles name={item.name.replace(/\.\w+$/, '')} tensor={tensor} />
      <button type="button" onClick={again}>
        Decode it again
      </button>
    </div>
  )
}
