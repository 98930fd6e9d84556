/**
 * Fires when the user wants no more, so that a command can tidy up. Once is enough, and more does no harm: a Ctrl-C comes
 * from the terminal, and again from each process in between that passes it on.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}
