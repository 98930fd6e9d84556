/** What torch does to a tensor with `view`, `permute` and `reshape`, spelt out, to compare index sums with. */

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1)

/** Elements of a dense tensor of this shape with its axes in another order: `x.permute(...order).flatten()`. */
export function permute(
  values: readonly number[],
  shape: readonly number[],
  order: readonly number[],
): number[] {
  const strides = shape.map((_, axis) => product(shape.slice(axis + 1)))
  const sizes = order.map((axis) => shape[axis] ?? 0)
  return Array.from({ length: product(sizes) }, (_, flat) => {
    let from = 0
    let rest = flat
    for (let i = order.length - 1; i >= 0; i--) {
      const size = sizes[i] ?? 1
      from += (rest % size) * (strides[order[i] ?? 0] ?? 0)
      rest = Math.floor(rest / size)
    }
    return values[from] ?? Number.NaN
  })
}

/** 0, 1, 2, … for a tensor of this shape. */
export const arange = (shape: readonly number[]): number[] =>
  Array.from({ length: product(shape) }, (_, i) => i)
