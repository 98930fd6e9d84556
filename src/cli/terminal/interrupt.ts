/** Fires when the user wants no more, so that a command can tidy up; a second Ctrl-C ends it at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  return controller.signal
}
