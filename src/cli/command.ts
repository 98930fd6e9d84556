/** What all commands have in common: an example in their help, `--json`, and exit codes that mean something. */
import { Command } from 'commander'

export interface CommandText {
  /** One line for the list of commands, in the imperative. */
  readonly summary: string
  /** Lines to paste, with what they do after a `#`. */
  readonly examples: readonly string[]
}

/** A command that does something; `--json` is among its options. */
export function newCommand(usage: string, { summary, examples }: CommandText): Command {
  const [name = '', ...operands] = usage.split(' ')
  const command = new Command(name).description(summary)
  if (operands.length > 0) command.arguments(operands.join(' '))
  return withExamples(command, examples).option('--json', 'print JSON, failures too')
}

/** A command that is nothing but the name of others. */
export const newGroup = (name: string, { summary, examples }: CommandText): Command =>
  withExamples(new Command(name).description(summary), examples)

const withExamples = (command: Command, examples: readonly string[]): Command =>
  command.addHelpText('after', `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${indent(examples)}`)

const indent = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n')

/** The command and all below it. */
export function* family(command: Command): Generator<Command> {
  yield command
  for (const child of command.commands) yield* family(child)
}
