/**
 * How long backends take: measured shapes of real ones, and nothing that the scheduler believes. The field suite sleeps
 * by them and the simulator counts by them, so neither is a world that the scheduler made for itself.
 */

/** One decode as a backend meets it. */
export interface Work {
  readonly width: number
  readonly height: number
  /** 1 for an image. */
  readonly frames: number
  /** 1 for the first decode of this shape at this backend since it came up. */
  readonly nthOfShape: number
  /** Time since the backend came up. */
  readonly upForMs: number
  /** Seeded, uniform in [0, 1). */
  random(): number
}

export interface Curve {
  readonly name: string
  /** Infinity: it never answers. */
  decodeMs(work: Work): number
}

const MEGAPIXEL = 1_000_000
const pixels = ({ width, height, frames }: Pick<Work, 'width' | 'height' | 'frames'>): number =>
  width * height * frames

export const fixed = (ms: number): Curve => ({ name: `${ms} ms`, decodeMs: () => ms })

export const affine = (baseMs: number, msPerMegapixel: number): Curve => ({
  name: `${baseMs} ms + ${msPerMegapixel} ms/MP`,
  decodeMs: (work) => baseMs + (msPerMegapixel * pixels(work)) / MEGAPIXEL,
})

/** A backend without a GPU: tens of seconds for a picture of 1024 x 1024. */
export const cpu = (secondsPerMegapixel: number): Curve => ({
  ...affine(100, 1_000 * secondsPerMegapixel),
  name: `CPU, ${secondsPerMegapixel} s/MP`,
})

/** What GPUs reach of their peak in the decoder of SD and SDXL: TFLOP/s, and ms for launches and for the picture file. */
const GPUS = {
  H200: { tflops: 350, baseMs: 4 },
  4090: { tflops: 76, baseMs: 6 },
  3070: { tflops: 18, baseMs: 8 },
} as const

/** In units of 1024 x 1024 pixels: convolutions are linear, the attention of the middle block is quadratic. */
const CONVOLUTION_TFLOP = 9.92
const ATTENTION_TFLOP = 0.55
/** A video decoder without attention over the whole: Wan, 81 frames of 480 x 832 are 274. */
const VIDEO_TFLOP = 8.88

/** Work of one decode: 2.5 TFLOP at 512 x 512, 10.5 at 1024 x 1024, 48.5 at 2048 x 2048. */
export function teraFlop(work: Pick<Work, 'width' | 'height' | 'frames'>): number {
  const size = pixels(work) / 2 ** 20
  return work.frames > 1 ? VIDEO_TFLOP * size : CONVOLUTION_TFLOP * size + ATTENTION_TFLOP * size ** 2
}

export function gpu(model: keyof typeof GPUS): Curve {
  const { tflops, baseMs } = GPUS[model]
  return { name: String(model), decodeMs: (work) => baseMs + (1_000 * teraFlop(work)) / tflops }
}

/** Compilation, cuDNN's choice of plans: the first decode of each shape takes so many times as long. */
export const slowFirst = (curve: Curve, times = 10): Curve => ({
  name: `${curve.name}, first of a shape ${times}x`,
  decodeMs: (work) => curve.decodeMs(work) * (work.nthOfShape === 1 ? times : 1),
})

/** Too large for its memory at once: from a size on it decodes overlapping tiles, which takes twice as long. */
export const tiled = (curve: Curve, fromMegapixels: number): Curve => ({
  name: `${curve.name}, tiles from ${fromMegapixels} MP`,
  decodeMs: (work) => curve.decodeMs(work) * (pixels(work) >= fromMegapixels * MEGAPIXEL ? 2 : 1),
})

/** Outermost quantiles that are drawn. */
const RAREST = 0.002
/** A logistic distribution of this scale has a standard deviation of 1. */
const LOGISTIC_SCALE = Math.sqrt(3) / Math.PI

/** Log-logistic around the curve: like a lognormal factor with a heavier tail. */
export const noisy = (curve: Curve, sigma: number): Curve => ({
  name: `${curve.name} ± ${100 * sigma} %`,
  decodeMs(work) {
    const share = Math.min(1 - RAREST, Math.max(RAREST, work.random()))
    return curve.decodeMs(work) * Math.exp(sigma * LOGISTIC_SCALE * Math.log(share / (1 - share)))
  },
})

/** It gets hot: its time rises from one moment to another, and stays so many times as long. */
export const throttled = (curve: Curve, times: number, fromMs: number, untilMs: number): Curve => ({
  name: `${curve.name}, throttled to ${times}x`,
  decodeMs(work) {
    const heat = Math.min(1, Math.max(0, (work.upForMs - fromMs) / (untilMs - fromMs)))
    return curve.decodeMs(work) * (1 + (times - 1) * heat)
  },
})

/** It never answers the nth decode of a shape, nor any that comes after it. */
export const hangingFrom = (curve: Curve, nthOfShape: number): Curve => ({
  name: `${curve.name}, hangs from the ${nthOfShape}th`,
  decodeMs: (work) => (work.nthOfShape >= nthOfShape ? Number.POSITIVE_INFINITY : curve.decodeMs(work)),
})

/** What a curve takes in the long run: no first decode, no luck, cool. */
export const usualMs = (curve: Curve, size: Pick<Work, 'width' | 'height' | 'frames'>): number =>
  curve.decodeMs({ ...size, nthOfShape: 2, upForMs: 0, random: () => 0.5 })
