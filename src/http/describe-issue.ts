import * as z from 'zod'

/**
 * What was expected where, of the first thing that is wrong: `Expected graceHours: number, received string.` Names
 * fields of ours only, and repeats no value.
 *
 * @param whole what the value is called when all of it is wrong
 */
export function describeIssue(error: z.ZodError, whole: string, schema: z.ZodType): string {
  const [issue] = error.issues
  const path = issue?.path.join('.') || whole
  if (issue?.code === 'unrecognized_keys') {
    const known = fieldsOf(schema, issue.path)
    return `Expected ${path} to have ${known.length > 0 ? `no fields but ${known.join(', ')}` : 'no fields'}.`
  }
  const message = issue?.message ?? 'a valid value'
  return `Expected ${path}: ${message.replace(/^.*?expected /, '')}.`
}

function fieldsOf(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let inner: unknown = schema
  for (const step of path)
    inner = inner instanceof z.ZodObject ? unwrapped(inner.shape[String(step)]) : undefined
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}

const unwrapped = (schema: unknown): unknown => (schema instanceof z.ZodOptional ? schema.unwrap() : schema)
