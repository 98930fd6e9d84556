import { useEffect, useRef, useState } from 'preact/hooks'
import type { Order } from '../item.ts'
import { latentFrames, previewOf } from '../preview.ts'
import type { Tensor } from '../tensor/tensor.ts'

interface Props {
  readonly tensor: Tensor
  readonly order: Order
}

/** Made in the browser, before anything is sent: three weighted sums of the latent's channels. */
export function InstantPreview({ tensor, order }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [frame, setFrame] = useState(0)
  const image = previewOf(tensor, order, frame)
  const frames = latentFrames(tensor, order)
  useEffect(() => {
    if (!image || !canvas.current) return
    canvas.current.width = image.width
    canvas.current.height = image.height
    canvas.current.getContext('2d')?.putImageData(image, 0, 0)
  })
  return (
    <figure>
      <div class="frame">
        {image ? (
          <canvas ref={canvas} role="img" aria-label="What the latent shows by itself" />
        ) : (
          <p class="hint">No colours are known for this latent.</p>
        )}
      </div>
      <figcaption>
        Instant preview{image && <span class="soft">{` ${image.width} × ${image.height}, made here`}</span>}
      </figcaption>
      {image && frames > 1 && (
        <label class="field frames">
          Latent frame {frame + 1} of {frames}
          <input
            type="range"
            min={0}
            max={frames - 1}
            value={frame}
            onInput={({ currentTarget }) => setFrame(Number(currentTarget.value))}
          />
        </label>
      )}
    </figure>
  )
}
