/** The discrete cosine transform of 8x8 numbers (ITU-T T.81, A.3.3), in place. */

const [C1 = 0, C2 = 0, C3 = 0, C4 = 0, C5 = 0, C6 = 0, C7 = 0] = [1, 2, 3, 4, 5, 6, 7].map(
  (k) => Math.cos((k * Math.PI) / 16) / 2,
)

export function dct(block: Float32Array): void {
  for (let i = 0; i < 8; i++) eight(block, i * 8, 1)
  for (let i = 0; i < 8; i++) eight(block, i, 8)
}

/** Of eight numbers. Those as far from either end come as sum and difference, which halves the work. */
function eight(block: Float32Array, at: number, step: number): void {
  const end = at + 7 * step
  const a0 = block[at] as number
  const a1 = block[at + step] as number
  const a2 = block[at + 2 * step] as number
  const a3 = block[at + 3 * step] as number
  const b0 = block[end] as number
  const b1 = block[end - step] as number
  const b2 = block[end - 2 * step] as number
  const b3 = block[end - 3 * step] as number
  const s0 = a0 + b0
  const s1 = a1 + b1
  const s2 = a2 + b2
  const s3 = a3 + b3
  const d0 = a0 - b0
  const d1 = a1 - b1
  const d2 = a2 - b2
  const d3 = a3 - b3
  block[at] = (s0 + s1 + s2 + s3) * C4
  block[at + step] = d0 * C1 + d1 * C3 + d2 * C5 + d3 * C7
  block[at + 2 * step] = (s0 - s3) * C2 + (s1 - s2) * C6
  block[at + 3 * step] = d0 * C3 - d1 * C7 - d2 * C1 - d3 * C5
  block[at + 4 * step] = (s0 - s1 - s2 + s3) * C4
  block[at + 5 * step] = d0 * C5 - d1 * C1 + d2 * C7 + d3 * C3
  block[at + 6 * step] = (s0 - s3) * C6 - (s1 - s2) * C2
  block[at + 7 * step] = d0 * C7 - d1 * C5 + d2 * C3 - d3 * C1
}
