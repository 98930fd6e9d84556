/** Columns that a line may have: those of the terminal, or any number where the output is piped. */
export const terminalWidth = (): number =>
  process.stdout.isTTY ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY
