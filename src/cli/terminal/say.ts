/** What commands print: text for people, or one JSON value for programs. */
import { styleText } from 'node:util'

export interface JsonOption {
  readonly json?: true
}

/** Prints a result: JSON where it was asked for, otherwise the text. */
export function say({ json }: JsonOption, value: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text}\n`)
}

/** A remark that is no result, so that what stands on standard output can be piped on. */
export function remark({ json }: JsonOption, text: string): void {
  if (!json) process.stderr.write(`${text}\n`)
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** Colours for a terminal; none where the output is piped, nor where NO_COLOR is set. */
export const paint = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stdout })
