/** From zod to the parts of an OpenAPI document. */
import * as z from 'zod'

export type Json = Readonly<Record<string, unknown>>

/** @param io the form that is sent, or the one that it becomes when it is read */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const {
    $schema: _,
    '~standard': __,
    ...rest
  } = z.toJSONSchema(schema, { io, override: withoutFlags }) as Json
  return rest
}

/** A pattern that looks over upper and lower case would say the wrong thing: JSON Schema has no such flag. */
function withoutFlags({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: Json }): void {
  const { checks = [] } = innermost(zodSchema)._zod.def
  const isVague = checks.some(({ _zod }) => 'pattern' in _zod.def && isCaseBlind(_zod.def.pattern))
  if (isVague) delete (jsonSchema as { pattern?: string }).pattern
}

const isCaseBlind = (pattern: unknown): boolean => pattern instanceof RegExp && pattern.ignoreCase

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
