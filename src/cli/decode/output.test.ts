import { expect, test } from 'vitest'
import { expectError, expectValue } from '../../../test/support/results.ts'
import { defaultOutput, formatOfFile } from './output.ts'

test.each([
  ['x.png', 'png'],
  ['x.jpg', 'jpeg'],
  ['a.b/X.JPEG', 'jpeg'],
  ['x.mp4', 'mp4'],
])('%s holds %s', (output, format) => {
  expect(expectValue(formatOfFile(output))).toBe(format)
})

test.each(['x', 'x.gif', '.png/x', 'x.toString'])('%s holds nothing that can be made', (output) => {
  expect(expectError(formatOfFile(output))).toContain('.png, .jpg, .jpeg, .mp4')
})

test.each([
  ['a/latent.npy', undefined, [1, 4, 8, 8], 'a/latent.png'],
  ['latent.v2.npy', undefined, [1, 16, 3, 8, 8], 'latent.v2.mp4'],
  ['latent', 'ltx-video', [1, 64, 128], 'latent.mp4'],
  ['latent.bin', 'flux', [1, 64, 64], 'latent.png'],
])('%s of %s goes to %s, %s', (file, model, shape, output) => {
  expect(defaultOutput(file, { shape, dtype: 'uint8', data: new Uint8Array() }, model)).toBe(output)
})
