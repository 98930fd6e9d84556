import { expect, test } from 'vitest'
import { allowsModel } from './allow-list.ts'

test.each([
  ['every model', ['*'], 'sdxl', true],
  ['a model by its id', ['flux', 'sdxl'], 'sdxl', true],
  ['a model by an alias', ['XL'], 'sdxl', true],
  ['a model of the operator', ['my-vae'], 'my-vae', true],
  ['no other model', ['flux', 'sd9'], 'sdxl', false],
  ['nothing by nothing', [], 'sdxl', false],
])('a list allows %s', (_, names, id, allowed) => {
  expect(allowsModel(names, id)).toBe(allowed)
})
