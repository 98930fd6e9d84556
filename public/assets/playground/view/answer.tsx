/** What came back: a picture, a video, a latent, a problem; or that it is on its way. */
import { useState } from 'preact/hooks'
import { RAW } from '../files.ts'
import { addItem, type Item, select } from '../item.ts'
import { extensionOf, type Outcome, stemOf } from '../outcome.ts'
import { InstantPreview } from './instant-preview.tsx'
import { LatentFiles } from './latent-files.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { UnderWay } from './under-way.tsx'

export function Answer({ item }: { readonly item: Item }) {
  const { work } = item
  if (work.state !== 'done') return <UnderWay work={work} />
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
  const [sides, setSides] = useState('')
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
            onLoadedMetadata={({ currentTarget: { videoWidth, videoHeight, duration } }) =>
              setSides(`${videoWidth} × ${videoHeight}, ${duration.toFixed(1)} s`)
            }
          />
        ) : (
          <img
            src={url}
            alt={`Decoded: ${item.name}`}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setSides(`${naturalWidth} × ${naturalHeight}`)
            }
          />
        )}
      </div>
      <figcaption>
        <span>
          {facts.answer.quality === 'preview' ? 'Approximate, without a GPU' : 'Answer'}{' '}
          <span class="soft">{sides}</span>
        </span>
        <a href={url} download={`${stemOf(item.name)}.${extensionOf(blob.type)}`}>
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
  const { modelId, scaling } = item.order
  const again = (): void => {
    const source = { kind: 'latent', tensor, file: RAW } as const
    select(addItem(`${stemOf(item.name)}.bin`, source, { ...(modelId && { modelId }), scaling }))
  }
  return (
    <div class="latent">
      <InstantPreview tensor={tensor} order={{ ...item.order, size: undefined }} />
      <p class="mono">
        [{tensor.shape.join(', ')}] {tensor.dtype}
      </p>
      <LatentFiles name={stemOf(item.name)} tensor={tensor} />
      <button type="button" onClick={again}>
        Decode it again
      </button>
    </div>
  )
}
