/** How a command ends: its exit code, and a failure told in one line. */
export const EXIT = { good: 0, failed: 1, usage: 2 } as const

/**
 * The command could not do what it was asked for, or found mistakes. Thrown where the cause is known to the user's words,
 * told once in main.ts. What a user can mend needs no trace.
 */
export class CommandFailure extends Error {
  readonly exitCode: number = EXIT.failed
  /** What a program may want to know beside the message, for `--json`. */
  readonly facts: Readonly<Record<string, unknown>>

  constructor(message: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.facts = facts
  }
}

/** The command line itself asks for something that there is not. */
export class UsageFailure extends CommandFailure {
  override readonly exitCode: number = EXIT.usage
}

/** Ends a command that has told its findings already. */
export class FoundMistakes extends CommandFailure {
  constructor() {
    super('')
  }
}
