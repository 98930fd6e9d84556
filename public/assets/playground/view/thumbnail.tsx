import { useEffect, useRef } from 'preact/hooks'

/** Pixels as they are; what they show is said beside them. */
export function Thumbnail({ image }: { readonly image: ImageData | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (!image || !canvas.current) return
    canvas.current.width = image.width
    canvas.current.height = image.height
    canvas.current.getContext('2d')?.putImageData(image, 0, 0)
  }, [image])
  return <canvas ref={canvas} />
}
