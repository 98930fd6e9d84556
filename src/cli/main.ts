/** The `vae-gateway` command. */
import { CommanderError } from 'commander'
import { CommandFailure, EXIT } from './ending.ts'
import { createProgram } from './program.ts'

try {
  await createProgram().parseAsync()
} catch (error) {
  process.exitCode = tell(error)
}

/** Says what went wrong, in one line or as JSON; gives the exit code. */
function tell(error: unknown): number {
  // Help that was asked for is thrown as well; commander has said all of it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage
  const failure = error instanceof CommandFailure ? error : undefined
  const message = error instanceof Error ? error.message : String(error)
  const isJson = process.argv.includes('--json')
  const text = isJson ? JSON.stringify({ error: message, ...failure?.facts }) : message
  if (message !== '') process.stderr.write(`${text}\n`)
  return failure?.exitCode ?? EXIT.failed
}
