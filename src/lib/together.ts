/**
 * Tasks that are waited for as one: each promise that the platform is handed costs it some turns of its loop.
 *
 * @param waitFor is handed a promise with the first task, and again with the first after all were over; it rejects when
 * all are over and one has rejected
 * @returns takes the tasks
 */
export function together(waitFor: (all: Promise<void>) => void): (task: Promise<unknown>) => void {
  let pending = 0
  let all = Promise.withResolvers<void>()
  let failed: { readonly error: unknown } | undefined
  const end = (): void => {
    if (--pending > 0) return
    if (failed) all.reject(failed.error)
    else all.resolve()
  }
  return (task) => {
    if (pending++ === 0) {
      all = Promise.withResolvers()
      failed = undefined
      waitFor(all.promise)
    }
    task.then(end, (error: unknown) => {
      failed ??= { error }
      end()
    })
  }
}
