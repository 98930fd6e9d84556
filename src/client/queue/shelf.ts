/** Results that wait to be taken: in the order of what went in, or in the order in which they come. */
export type QueueOrder = 'input' | 'completion'

export interface Shelf<T> {
  put(index: number, result: T): void
  /** The next one; undefined as long as it is not there. */
  take(): { readonly result: T } | undefined
}

export function createShelf<T>(order: QueueOrder): Shelf<T> {
  const results = new Map<number, T>()
  let next = 0
  return {
    put: (index, result) => results.set(index, result),
    take() {
      const index = order === 'input' ? next : results.keys().next().value
      if (index === undefined || !results.has(index)) return undefined
      const result = results.get(index) as T
      results.delete(index)
      next++
      return { result }
    },
  }
}
