import { useEffect, useState } from 'preact/hooks'
import { findModel, models } from '../models.ts'
import { previewOf } from '../preview.ts'
import { addSample, fetchSample, SAMPLES, type Sample } from '../samples.ts'
import { Thumbnail } from './thumbnail.tsx'

export function Samples() {
  return (
    <fieldset class="samples">
      <legend class="visually-hidden">Samples</legend>
      {SAMPLES.map((sample) => (
        <SampleButton key={sample.file} sample={sample} />
      ))}
    </fieldset>
  )
}

function SampleButton({ sample }: { readonly sample: Sample }) {
  const { modelId } = sample.order
  const isKnown = models.value.state === 'known'
  const image = usePreview(sample, isKnown && findModel(modelId) !== undefined)
  return (
    <button
      type="button"
      disabled={!isKnown}
      title={isKnown && !findModel(modelId) ? `${modelId} is not served here` : undefined}
      onClick={() => addSample(sample)}
    >
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
    const order = { size: undefined, isScaled: false, format: 'png', ...sample.order } as const
    fetchSample(sample).then(
      (tensor) => setImage(previewOf(tensor, order)),
      () => undefined,
    )
  }, [sample, isServed])
  return image
}
