import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { formatShape, HEADER, parseShape } from './headers.ts'

describe('the shape header', () => {
  test('is written without spaces, as the pilot wrote it', () => {
    expect(formatShape([1, 3, 512, 512])).toBe('[1,3,512,512]')
  })

  test.each(['[1,3,512,512]', '[1, 3, 512, 512]', '[ 1 , 3 , 512 , 512 ]'])('is read from %s', (text) => {
    expect(parseShape(text)).toEqual([1, 3, 512, 512])
  })

  test.each([
    ['nothing', null],
    ['no text', ''],
    ['no sizes', '[]'],
    ['a blank', '[ ]'],
    ['no brackets', '1,3,512,512'],
    ['a tuple', '(1, 3, 512, 512)'],
    ['an open list', '[1,3'],
    ['an empty size', '[1,,3]'],
    ['a comma at the end', '[1,3,]'],
    ['two numbers in one', '[1 3]'],
    ['zero', '[1,0,3]'],
    ['a negative size', '[1,-3]'],
    ['a fraction', '[1.5]'],
    ['text', '["1"]'],
    ['a nested list', '[[1,3]]'],
    ['more than any shape needs', `[${'1,'.repeat(60)}1]`],
    ['a second line', '[1,3]\n[1]'],
  ])('B22: is not read from %s', (_, text) => {
    expect(parseShape(text)).toBeUndefined()
  })

  test('is read as it was written', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 99_999 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(shapes, (shape) => {
        expect(parseShape(formatShape(shape))).toEqual(shape)
      }),
      seeded,
    )
  })
})

test('headers have names that fetch keeps as they are, and none twice', () => {
  const names = Object.values(HEADER)
  expect([...new Headers(names.map((name): [string, string] => [name, '1'])).keys()]).toEqual(
    names.toSorted(),
  )
})
