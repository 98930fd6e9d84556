/** Numbers and booleans of a decode query, as Python writes them and as nobody should. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { seeded } from '../../test/support/seeded.ts'
import { type DecodeQuery, parseDecodeQuery } from './decode-query.ts'

const parse = (query: string) => parseDecodeQuery(new URLSearchParams(query))
const read = (query: string): DecodeQuery => expectValue(parse(query))
const refuse = (query: string) => expectError(parse(query))

const GOOD = 'shape=1&shape=4&shape=64&shape=64&dtype=float16'

describe('Python writes values its own way', () => {
  test.each([
    ['True', true],
    ['true', true],
    ['TRUE', true],
    ['False', false],
    ['false', false],
  ])('reads the boolean %s', (text, value) => {
    expect(read(`${GOOD}&partial_postprocess=${text}`).partialPostprocess).toBe(value)
  })

  test.each(['1', '0', 'yes', 'None', '', 'True ', 'Truee'])('refuses "%s" as a boolean', (text) => {
    expect(refuse(`${GOOD}&do_scaling=${text}`)).toEqual({
      reason: 'invalid',
      parameter: 'do_scaling',
      expected: 'True or False',
    })
  })

  test.each([
    ['0.18215', 0.18215],
    ['1e-05', 1e-5],
    ['1E%2B2', 100],
    ['-0.5', -0.5],
    ['%2B2', 2],
    ['1.', 1],
    ['.5', 0.5],
    ['13', 13],
    ['0.13025000000000000355', 0.13025],
    ['1.7976931348623157e308', Number.MAX_VALUE],
  ])('reads the float %s', (text, factor) => {
    expect(read(`${GOOD}&scaling_factor=${text}`).scaling).toEqual({ kind: 'explicit', factor, shift: 0 })
  })

  test.each([
    '',
    ' ',
    'nan',
    'NaN',
    'inf',
    '-inf',
    'Infinity',
    '1e309',
    '1_000',
    '0x1',
    '1e',
    'e5',
    '.',
    '1,5',
    '1 ',
    '--1',
    '١',
  ])('C16: refuses "%s" as a float', (text) => {
    expect(refuse(`${GOOD}&scaling_factor=${encodeURIComponent(text)}`)).toMatchObject({
      reason: 'invalid',
      parameter: 'scaling_factor',
      expected: expect.stringContaining('decimal number'),
    })
  })

  test.each(['0', '0.0', '-0', '1e-400'])('C16: refuses to divide by %s', (text) => {
    expect(refuse(`${GOOD}&scaling_factor=${text}`)).toMatchObject({ expected: 'a number other than 0' })
  })

  test('shifts by 0', () => {
    expect(read(`${GOOD}&scaling_factor=2&shift_factor=0.0`).scaling).toMatchObject({ shift: 0 })
  })

  test('reads every finite float as Python prints it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        fc.pre(number !== 0)
        expect(read(`${GOOD}&scaling_factor=${encodeURIComponent(String(number))}`).scaling).toMatchObject({
          factor: number,
        })
      }),
      seeded,
    )
  })
})

describe('C16: whole numbers', () => {
  const bad = [
    '2147483648',
    '9007199254740993',
    '100000',
    '1e3',
    '1e309',
    'NaN',
    '0x10',
    '+5',
    '-1',
    '-0',
    '0',
    '007',
    '1.0',
    '1.5',
    '',
    ' 5',
    '5\n',
    '٣',
    'None',
  ]

  test.each(bad)('C16: refuses "%s" in a shape', (text) => {
    const query = new URLSearchParams([
      ['shape', '1'],
      ['shape', text],
      ['shape', '64'],
      ['dtype', 'float16'],
    ])
    expect(expectError(parseDecodeQuery(query))).toMatchObject({ reason: 'invalid', parameter: 'shape' })
  })

  test.each(bad)('C16: refuses "%s" as a height', (text) => {
    expect(refuse(`${GOOD}&width=8&height=${encodeURIComponent(text)}`)).toEqual({
      reason: 'invalid',
      parameter: 'height',
      expected: 'a whole number from 1 to 99999',
    })
  })

  test('C16: takes 1 and 99999', () => {
    const query = read('shape=1&shape=99999&shape=99999&shape=1&shape=1&dtype=float32&height=1&width=99999')
    expect(query).toMatchObject({ shape: [1, 99_999, 99_999, 1, 1], size: { height: 1, width: 99_999 } })
  })

  test.each([
    'shape=1',
    'shape=4096',
    'shape=1&shape=4',
    'shape=1,2',
    'shape=1&shape=1&shape=1&shape=1&shape=1&shape=1',
    'shape=[]',
    'shape=1&shape=2,3',
    'shape=[[1,4,64,64]]',
    'shape=(1,4,64,64)',
    'shape=1,4,64,',
  ])('C15: refuses %s, which are not 3 to 5 sizes', (shape) => {
    expect(refuse(`${shape}&dtype=float16`)).toEqual({
      reason: 'invalid',
      parameter: 'shape',
      expected: '3 to 5 whole numbers from 1 to 99999, as shape=1&shape=4&shape=64&shape=64',
    })
  })
})

describe('FB2: a query takes time that grows with its length alone', () => {
  test.each([
    '9'.repeat(300_000),
    '9.'.repeat(150_000),
    `${'1'.repeat(300_000)}e`,
    `.${'1'.repeat(300_000)}x`,
  ])('a number without end is none', (number) => {
    const params = new URLSearchParams(`${GOOD}&scaling_factor=${number}x`)
    expect(expectError(parseDecodeQuery(params))).toMatchObject({ parameter: 'scaling_factor' })
  })

  test.each(['&shape=1'.repeat(100_000), `&shape=1${',1'.repeat(100_000)}`])(
    'a shape has five axes at most',
    (shape) => {
      expect(refuse(`dtype=float16${shape}`)).toMatchObject({ reason: 'invalid', parameter: 'shape' })
    },
  )
})
