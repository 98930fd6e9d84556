/** From zod to the parts of an OpenAPI document. */
import * as z from 'zod'

export type Json = Readonly<Record<string, unknown>>

/** @param io the form that is sent, or the one that it becomes when it is read */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, '~standard': __, ...rest } = z.toJSONSchema(schema, { io, override: portable }) as Json
  return rest
}

/** A pattern in JSON Schema has no flags, and who reads it may know no properties of Unicode. */
function portable({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: Json }): void {
  const { checks = [] } = innermost(zodSchema)._zod.def
  for (const { _zod } of checks) {
    const pattern = 'pattern' in _zod.def ? _zod.def.pattern : undefined
    if (pattern instanceof RegExp) Object.assign(jsonSchema, { pattern: withoutFlags(pattern) })
  }
}

/** The same pattern without flags. @throws Error for one that this cannot say */
export function withoutFlags({ source, ignoreCase }: RegExp): string {
  const plain = source.replaceAll('\\P{Cc}', '[^\\u0000-\\u001f\\u007f-\\u009f]')
  if (!ignoreCase) return plain
  return plain.replaceAll(/\\.|\[[^\]]*\]|[a-z]/gi, (part) => {
    if (part.length === 1) return `[${part.toUpperCase()}${part.toLowerCase()}]`
    if (part.startsWith('[') && /[a-z]/i.test(part)) throw new Error(`letters in ${part} of ${source}`)
    return part
  })
}

/** What is sent, before it is made into something else. */
function innermost(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return innermost(schema.in)
  return schema instanceof z.ZodOptional ? innermost(schema.unwrap()) : schema
}

/** Query parameters of an object's fields; a field is required when it may not be left out. */
export const queryParameters = <Shape extends Record<string, z.ZodType>>(
  { shape }: z.ZodObject<Shape>,
  io: 'input' | 'output',
  descriptions: Readonly<Record<keyof Shape, string>>,
): Json[] =>
  Object.entries(shape).map(([name, field]) => ({
    name,
    in: 'query',
    required: !field.safeParse(undefined).success,
    description: descriptions[name],
    schema: jsonSchema(field, io),
  }))

/** Parameters of a path, each with its schema. */
export const pathParameters = (
  ...parameters: readonly (readonly [name: string, description: string, Json?])[]
): Json[] =>
  parameters.map(([name, description, schema = { type: 'string' }]) => ({
    name,
    in: 'path',
    required: true,
    description,
    schema,
  }))

/** A component by its name. */
export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })

/** An answer of JSON. */
export const jsonAnswer = (description: string, name: string): Json => ({
  description,
  content: { 'application/json': { schema: ref(name) } },
})
