/** So many places, given to those who wait in the order they came. */
export interface Room {
  /** Resolves when there is a place, with true, or when there never will be. */
  enter(): Promise<boolean>
  leave(): void
  /** Nobody gets in any more. */
  close(): void
}

export function createRoom(places: number): Room {
  let free = places
  let isClosed = false
  const waiting: ((isIn: boolean) => void)[] = []
  return {
    enter() {
      if (isClosed) return Promise.resolve(false)
      if (free === 0) return new Promise((resolve) => waiting.push(resolve))
      free--
      return Promise.resolve(true)
    },
    leave() {
      // The place goes from hand to hand, so that nobody who comes just now gets it first.
      const first = waiting.shift()
      if (first) first(true)
      else free++
    },
    close() {
      isClosed = true
      for (const resolve of waiting.splice(0)) resolve(false)
    },
  }
}
