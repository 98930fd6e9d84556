import { useEffect, useState } from 'preact/hooks'
import { select } from '../item.ts'
import { findModel, models } from '../models.ts'
import { previewOf } from '../preview.ts'
import { addSample, fetchSample, SAMPLES, type Sample } from '../samples.ts'
import { Thumbnail } from './thumbnail.tsx'

/** Those that the gateway can decode; all of them, to be waited for, until it has said what it serves. */
export function Samples() {
  const isKnown = models.value.state === 'known'
  const offered = isKnown ? SAMPLES.filter(({ order }) => findModel(order.modelId)) : SAMPLES
  if (offered.length === 0) return null
  return (
    <fieldset class="samples">
      <legend class="visually-hidden">Samples</legend>
      {offered.map((sample) => (
        <SampleButton key={sample.file} sample={sample} isKnown={isKnown} />
      ))}
    </fieldset>
  )
}

function SampleButton({ sample, isKnown }: { readonly sample: Sample; readonly isKnown: boolean }) {
  const { modelId } = sample.order
  const image = usePreview(sample, isKnown)
  return (
    <button type="button" disabled={!isKnown} onClick={async () => select(await addSample(sample))}>
      <Thumbnail image={image} />
      <span>
        {sample.title} <span class="soft">{modelId}</span>
      </span>
    </button>
  )
}

/** Undefined until there is one, or for good. */
function usePreview(sample: Sample, isServed: boolean): ImageData | undefined {
  const [image, setImage] = useState<ImageData>()
  useEffect(() => {
    if (!isServed) return
    const order = { size: undefined, scaling: 'model', format: 'png', ...sample.order } as const
    fetchSample(sample).then(
      (tensor) => setImage(previewOf(tensor, order)),
      () => undefined,
    )
  }, [sample, isServed])
  return image
}
