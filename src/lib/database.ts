/** What we use of the platform's SqlStorage. */
export interface Database {
  exec(query: string, ...values: (string | number | null)[]): Iterable<unknown>
}
