/** Files that users have: latents in two formats, and what backends send as pictures. */
import fc from 'fast-check'
import { readNpy } from '../../src/client/files/npy.ts'
import { readSafetensors } from '../../src/client/files/safetensors.ts'
import { tensorBytes } from '../../src/wire/dtype.ts'
import { isComplete, pictureSize, sniff } from '../../src/wire/file-magic.ts'
import { pictureFile, VIDEO_FILE } from '../support/answers.ts'
import { holds, mutated, mutatedBytes, type Target, target } from './target.ts'

const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 })
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

const npyHeader = fc
  .tuple(fc.constantFrom('<f2', '<f4', '>f4', '|u1', 'O'), fc.boolean(), shape)
  .map(
    ([descr, fortran, sizes]) =>
      `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sizes.map((size) => `${size}, `).join('')}), }\n`,
  )

const npyFile = fc
  .tuple(mutated(npyHeader), fc.constantFrom(1, 2, 3, 4), fc.uint8Array({ maxLength: 300 }))
  .map(([header, version, data]) => {
    const length = Buffer.alloc(version === 1 ? 2 : 4)
    if (version === 1) length.writeUInt16LE(latin1(header).length)
    else length.writeUInt32LE(latin1(header).length)
    return new Uint8Array(
      Buffer.concat([latin1('\x93NUMPY'), Buffer.from([version, 0]), length, latin1(header), data]),
    )
  })

const npy = target(
  'an array of numpy is refused, or is as long as it says',
  fc.oneof(npyFile, mutatedBytes(npyFile)),
  (file) => {
    const read = readNpy(Uint8Array.from(file))
    if (read.ok)
      holds(read.value.data.byteLength === tensorBytes(read.value.shape, read.value.dtype), 'it is that long')
  },
)

const entry = fc.record({
  dtype: fc.constantFrom('F16', 'BF16', 'F32', 'I64', '__proto__'),
  shape,
  data_offsets: fc.tuple(fc.nat(100), fc.nat(300)),
})
const header = fc.oneof(
  fc
    .dictionary(
      fc.constantFrom('latent_tensor', 'x', '__metadata__', '__proto__', 'constructor'),
      fc.oneof(entry, fc.jsonValue()),
    )
    .map((value) => JSON.stringify(value)),
  fc.json(),
)
const safetensorsFile = fc
  .tuple(
    mutated(header),
    fc.uint8Array({ maxLength: 300 }),
    fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { freq: 5 }),
  )
  .map(([text, data, lie]) => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(lie ?? BigInt(Buffer.byteLength(text)))
    return new Uint8Array(Buffer.concat([length, Buffer.from(text), data]))
  })

const safetensors = target(
  'a file of safetensors is refused, or its tensor is as long as it says',
  fc.tuple(
    fc.oneof(safetensorsFile, mutatedBytes(safetensorsFile)),
    fc.option(fc.constantFrom('x', '__proto__', 'y'), { nil: undefined }),
  ),
  ([file, name]) => {
    const read = readSafetensors(Uint8Array.from(file), name)
    if (read.ok)
      holds(read.value.data.byteLength === tensorBytes(read.value.shape, read.value.dtype), 'it is that long')
  },
)

const picture = fc.constantFrom(
  pictureFile(16, 8, 'image/png'),
  pictureFile(16, 8, 'image/jpeg'),
  new Uint8Array(VIDEO_FILE),
)
const heads = target(
  'the head of a picture gives a size or none',
  fc.oneof(mutatedBytes(picture), fc.uint8Array({ maxLength: 64 })),
  (file) => {
    const bytes = Uint8Array.from(file)
    const size = pictureSize(bytes)
    holds(!size || (size.width <= 2 ** 32 && size.height <= 2 ** 32), 'sides are numbers')
    holds(!isComplete(bytes) || sniff(bytes) !== undefined, 'what is whole is something')
  },
)

export const fileTargets: readonly Target[] = [npy, safetensors, heads]
