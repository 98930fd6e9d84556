/** Tables of a JPEG, which are those that the standard suggests (ITU-T T.81, annex K), and the segments that tell them. */

/** Where the numbers of a block stand that are written one after the other: the coarse ones first. */
export const ZIGZAG: readonly number[] = Array.from({ length: 15 }, (_, diagonal) => {
  const cells = Array.from({ length: 8 }, (_, y) => [y, diagonal - y] as const)
  const inside = cells.filter(([, x]) => x >= 0 && x < 8).map(([y, x]) => y * 8 + x)
  return diagonal % 2 === 0 ? inside.reverse() : inside
}).flat()

/** K.1, brightness, a fifth of it: quality 90. In the order of the zigzag. */
const SUGGESTED = [
  [16, 11, 10, 16, 24, 40, 51, 61],
  [12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56],
  [14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77],
  [24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101],
  [72, 92, 95, 98, 112, 100, 103, 99],
].flat()
export const QUANTISATION: readonly number[] = ZIGZAG.map((at) =>
  Math.max(1, Math.round((SUGGESTED[at] ?? 0) / 5)),
)

/** Codes by length from one bit to 16, and the symbols that have them, in order. */
interface CodeTable {
  readonly counts: readonly number[]
  readonly symbols: readonly number[]
}

/** K.3: how many bits a mean's difference has. */
const MEANS: CodeTable = {
  counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  symbols: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
}

/** K.5: zeros before a number, and how many bits it has. */
const DETAILS: CodeTable = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
  symbols: [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22,
    0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33,
    0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34,
    0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55,
    0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76,
    0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96,
    0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5,
    0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4,
    0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1,
    0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
  ],
}

/** Codes by symbol: 16 bits of code and the length above them (annex C). */
function codesOf({ counts, symbols }: CodeTable): Uint32Array {
  const codes = new Uint32Array(256)
  let code = 0
  let at = 0
  counts.forEach((count, index) => {
    for (let i = 0; i < count; i++) codes[symbols[at++] as number] = ((index + 1) << 16) | code++
    code <<= 1
  })
  return codes
}

export const MEAN_CODES = codesOf(MEANS)
export const DETAIL_CODES = codesOf(DETAILS)

/** From the first marker to where the bits begin. */
export function segmentsOf(width: number, height: number): number[] {
  const components = [1, 2, 3]
  return [
    ...[0xff, 0xd8],
    // JFIF 1.1, square pixels, no thumbnail.
    ...segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    ...segment(0xdb, [0, ...QUANTISATION]),
    ...segment(0xc0, [8, ...word(height), ...word(width), 3, ...components.flatMap((id) => [id, 0x11, 0])]),
    ...segment(0xc4, [0, ...MEANS.counts, ...MEANS.symbols]),
    ...segment(0xc4, [0x10, ...DETAILS.counts, ...DETAILS.symbols]),
    ...segment(0xda, [3, ...components.flatMap((id) => [id, 0]), 0, 63, 0]),
  ]
}

const segment = (marker: number, content: readonly number[]): number[] => [
  0xff,
  marker,
  ...word(content.length + 2),
  ...content,
]

const word = (value: number): [number, number] => [(value >> 8) & 0xff, value & 0xff]
