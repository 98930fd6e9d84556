import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../../test/support/results.ts'
import { seeded } from '../../../test/support/seeded.ts'
import { tensorBytes } from '../../wire/dtype.ts'
import { fromFloats } from '../tensor/floats.ts'
import { bytesOf, type Dtype, InvalidTensorError } from '../tensor/tensor.ts'
import { readNpy, writeNpy } from './npy.ts'
import { readTensor } from './read-tensor.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'

type Bytes = Uint8Array<ArrayBuffer>
const NUMBERS = new Float16Array([1, 2, 3, 4, 5, 6])
const ELEMENTS = new Uint8Array(NUMBERS.buffer)

/** As numpy.save writes it: the header padded with spaces to a multiple of 64. */
function npy(header: string, data: Uint8Array = ELEMENTS, major = 1): Bytes {
  const prefix = major === 1 ? 10 : 12
  const padded = `${header.padEnd(Math.ceil((prefix + header.length + 1) / 64) * 64 - prefix - 1)}\n`
  const head = Buffer.alloc(prefix)
  head.write('\x93NUMPY', 'latin1')
  head.writeUInt8(major, 6)
  if (major === 1) head.writeUInt16LE(padded.length, 8)
  else head.writeUInt32LE(padded.length, 8)
  return new Uint8Array(Buffer.concat([head, Buffer.from(padded, 'latin1'), data]))
}

const dict = (descr = '<f2', order = 'False', shape = '(1, 2, 3)'): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`

function safetensors(header: unknown, data: Uint8Array = ELEMENTS): Bytes {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return new Uint8Array(Buffer.concat([length, text, data]))
}

const entry = (changes: object = {}) => ({
  dtype: 'F16',
  shape: [1, 2, 3],
  data_offsets: [0, 12],
  ...changes,
})

describe('a .npy file', () => {
  test.each([1, 2, 3])('of version %d is read', (major) => {
    const tensor = expectValue(readNpy(npy(dict(), ELEMENTS, major)))
    expect(tensor).toEqual({ shape: [1, 2, 3], dtype: 'float16', data: NUMBERS })
  })

  test('of float32 is read, and of one dimension', () => {
    const data = new Uint8Array(new Float32Array(6).buffer)
    expect(expectValue(readNpy(npy(dict('<f4', 'False', '(6,)'), data)))).toMatchObject({
      shape: [6],
      dtype: 'float32',
    })
  })

  test.each([
    ['doubles', npy(dict('<f8')), 'little-endian float16 or float32, not <f8'],
    ['big-endian numbers', npy(dict('>f2')), 'not >f2'],
    ['a dtype that objects have by birth', npy(dict('toString')), 'not toString'],
    [
      'records',
      npy("{'descr': [('a', '<f2')], 'fortran_order': False, 'shape': (6,), }"),
      'one array of numbers',
    ],
    ['columns first', npy(dict('<f2', 'True')), 'C order'],
    ['too few elements', npy(dict(), ELEMENTS.subarray(2)), '12 bytes for [1,2,3] of float16, not 10'],
    ['too many elements', npy(dict('<f2', 'False', '(1, 2, 2)')), '8 bytes for [1,2,2] of float16, not 12'],
    ['no dimensions', npy(dict('<f2', 'False', '()')), 'a shape of whole numbers'],
    ['a dimension of nothing', npy(dict('<f2', 'False', '(0, 6)')), 'a shape of whole numbers'],
    [
      'more than there can be',
      npy(dict('<f2', 'False', '(99999999999999999999,)')),
      'a shape of whole numbers',
    ],
    ['a version to come', npy(dict(), ELEMENTS, 9), 'version 1 to 3, not 9'],
    ['no header', npy(dict()).slice(0, 40), 'a whole header'],
    ['another kind', new Uint8Array(64), 'numpy.save'],
    ['nothing', new Uint8Array(), 'numpy.save'],
  ])('with %s is refused', (_, file, expected) => {
    expect(expectError(readNpy(file))).toContain(expected)
  })
})

describe('a safetensors file', () => {
  test('of one tensor is read, whatever its name', () => {
    const file = safetensors({ __metadata__: { format: 'pt' }, anything: entry() })
    expect(expectValue(readSafetensors(file))).toEqual({
      shape: [1, 2, 3],
      dtype: 'float16',
      data: NUMBERS,
    })
  })

  test('of several gives the one that is named, or the one with ComfyUI’s name', () => {
    const second = entry({ dtype: 'BF16', shape: [2], data_offsets: [4, 8] })
    const file = safetensors({ a: entry(), latent_tensor: second })
    expect(bytesOf(expectValue(readSafetensors(file)).data)).toEqual(ELEMENTS.slice(4, 8))
    expect(expectValue(readSafetensors(file, 'a')).data).toEqual(NUMBERS)
    expect(expectError(readSafetensors(file, 'b'))).toBe('the name of a tensor, one of a, latent_tensor')
    expect(expectError(readSafetensors(safetensors({ a: entry(), b: entry() })))).toContain('one of a, b')
  })

  test('of a whole checkpoint names a few of its tensors', () => {
    const many = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`layer${index}`, entry()]))
    expect(expectError(readSafetensors(safetensors(many)))).toMatch(/layer4 and 895 more$/)
  })

  test.each([
    ['doubles', { x: entry({ dtype: 'F64' }) }, 'F16, BF16 or F32 in "x", not "F64"'],
    ['a dtype that objects have by birth', { x: entry({ dtype: 'constructor' }) }, 'not "constructor"'],
    ['no dtype', { x: {} }, 'not undefined'],
    ['a tensor that is none', { x: 7 }, 'F16'],
    ['a shape that is none', { x: entry({ shape: 'big' }) }, 'a shape in "x"'],
    ['half an element', { x: entry({ shape: [1.5, 4] }) }, 'a shape of whole numbers'],
    ['a negative size', { x: entry({ shape: [-1, -6] }) }, 'a shape of whole numbers'],
    ['offsets beyond its end', { x: entry({ data_offsets: [2, 14] }) }, 'offsets of "x" within the file'],
    ['offsets before its beginning', { x: entry({ data_offsets: [-12, 0] }) }, 'offsets of "x"'],
    ['offsets the wrong way round', { x: entry({ data_offsets: [12, 0] }) }, 'offsets of "x"'],
    ['no offsets', { x: entry({ data_offsets: null }) }, 'offsets of "x"'],
    ['another size than its shape', { x: entry({ shape: [7] }) }, '14 bytes for [7] of float16, not 12'],
    ['no tensors', { __metadata__: {} }, 'a file that holds a tensor'],
    ['a list as header', [], 'a JSON object as header'],
    ['no JSON', '{"x":', 'a JSON object as header'],
    ['brackets without an end', '['.repeat(200_000), 'a JSON object as header'],
  ])('with %s is refused', (_, header, expected) => {
    expect(expectError(readSafetensors(safetensors(header)))).toContain(expected)
  })

  test('whose header claims to be longer than the file is refused before it is read', () => {
    for (const claimed of [13n, 2n ** 40n, 2n ** 64n - 1n]) {
      const file = new Uint8Array(20)
      new DataView(file.buffer).setBigUint64(0, claimed, true)
      expect(expectError(readSafetensors(file))).toContain('a whole header')
    }
  })

  test('is read from memory that begins elsewhere', () => {
    const file = safetensors({ x: entry() })
    const shifted = new Uint8Array(file.length + 3)
    shifted.set(file, 3)
    expect(expectValue(readSafetensors(shifted.subarray(3))).data).toEqual(NUMBERS)
  })
})

/** Good files with some bytes changed, cut off or put in between: what a hostile or broken file looks like. */
const damaged = (good: Bytes): fc.Arbitrary<Bytes> =>
  fc
    .array(fc.tuple(fc.nat(good.length), fc.nat(4), fc.uint8Array({ maxLength: 6 })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((edits) => {
      const bytes = [...good]
      for (const [at, removed, added] of edits) bytes.splice(at, removed, ...added)
      return Uint8Array.from(bytes)
    })

test.each([
  ['.npy', readNpy, npy(dict())],
  ['safetensors', readSafetensors, safetensors({ x: entry() })],
] as const)(
  'whatever a %s file holds, it is read as it says or refused, and nothing is thrown',
  (_, read, good) => {
    fc.assert(
      fc.property(fc.oneof(damaged(good), fc.uint8Array({ maxLength: 300 })), (bytes) => {
        const latent = read(Uint8Array.from(bytes))
        if (!latent.ok) {
          expect(latent.error).not.toBe('')
          return
        }
        const { shape, dtype, data } = latent.value
        expect(data.byteLength).toBe(tensorBytes(shape, dtype))
        expect(data.byteLength).toBeLessThanOrEqual(bytes.length)
      }),
      { ...seeded, numRuns: 2_000 },
    )
  },
)

const tensorIn = (dtype: Dtype) => fromFloats([1, 2, 3, 4, 5, 6], [2, 3], dtype)

describe('a file that is written', () => {
  test.each(['float32', 'float16', 'uint8'] as const)('as .npy is read as it was, in %s', (dtype) => {
    const tensor = tensorIn(dtype)
    const file = writeNpy(tensor)
    expect(expectValue(readNpy(file))).toEqual(tensor)
    expect((file.length - tensor.data.byteLength) % 64).toBe(0)
  })

  test('as .npy says the shape of one dimension as Python does', () => {
    const file = writeNpy(fromFloats([1, 2], [2], 'float32'))
    expect(new TextDecoder().decode(file)).toContain("'shape': (2,)")
  })

  test('as .npy cannot have bfloat16, which numpy has not', () => {
    expect(() => writeNpy(tensorIn('bfloat16'))).toThrow(InvalidTensorError)
  })

  test.each(['float32', 'float16', 'bfloat16', 'uint8'] as const)(
    'as safetensors is read as it was, in %s',
    (dtype) => {
      const tensor = tensorIn(dtype)
      for (const name of [undefined, 'x', 'a longer name']) {
        const file = writeSafetensors(tensor, name)
        expect(expectValue(readSafetensors(file, name ?? 'latent_tensor'))).toEqual(tensor)
        expect((file.length - tensor.data.byteLength) % 8).toBe(0)
      }
    },
  )
})

describe('readTensor', () => {
  const tensor = tensorIn('float16')

  test('knows a file by its beginning, in memory or not', async () => {
    for (const file of [writeNpy(tensor), writeSafetensors(tensor)]) {
      expect(await readTensor(file)).toEqual(tensor)
      expect(await readTensor(file.buffer)).toEqual(tensor)
      expect(await readTensor(new Blob([file]))).toEqual(tensor)
    }
  })

  test('takes raw bytes as what they are said to be', async () => {
    const { shape, dtype, data } = tensor
    expect(await readTensor(bytesOf(data), { shape, dtype })).toEqual(tensor)
  })

  test('says what it expected', async () => {
    const wrong = readTensor(new Uint8Array(12))
    await expect(wrong).rejects.toThrow('Expected a .npy or .safetensors file, or shape and dtype')
    await expect(wrong).rejects.toBeInstanceOf(InvalidTensorError)
  })
})
