import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

/** A database as the platform gives it to an object. */
export function memoryDatabase(): { exec(text: string, ...values: SQLInputValue[]): unknown[] } {
  const store = new DatabaseSync(':memory:')
  return { exec: (text, ...values) => store.prepare(text).all(...values) }
}
