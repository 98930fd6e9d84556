import { expect, test } from 'vitest'
import { withoutFlags } from './schema.ts'

test.each([
  [/^(true|false)$/i, ['True', 'FALSE', 'true'], ['', 'yes', 'truer']],
  [/^[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,3})?$/i, ['1e5', '1.5E-3', '0'], ['1f5', 'e']],
  [/^\P{Cc}*$/u, ['', 'Zoë'], ['a\tb', '\u0085']],
])('%s means the same without flags', (pattern, good, bad) => {
  const plain = new RegExp(withoutFlags(pattern))
  expect(good.filter((text) => !plain.test(text) || !pattern.test(text))).toEqual([])
  expect(bad.filter((text) => plain.test(text) || pattern.test(text))).toEqual([])
})

test('a pattern that cannot be said without flags is noticed when the document is made', () => {
  expect(() => withoutFlags(/^[a-f]+$/i)).toThrow('letters')
})
