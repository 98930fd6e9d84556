import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'
import { problemCodes } from './errors/codes.ts'
import { openapiDocument } from './http/openapi/document.ts'
import { realAmbient } from './lib/ambient.ts'

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly responses: object
}

const operationsOf = (hasAdmin: boolean): [route: string, Operation][] => {
  const { paths } = openapiDocument(hasAdmin) as { paths: Record<string, Record<string, Operation>> }
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  )
}

/** What the app serves, as a document writes it; neither middleware nor the answer to other methods is a route. */
const served = (): Set<string> => {
  const nothing = (): never => {
    throw new Error('Nothing is called here.')
  }
  const app = createApp({ ambient: realAmbient, createServices: nothing, preview: nothing })
  const routes = app.routes.filter(({ method }) => method !== 'ALL')
  const documented = (path: string): string => path.replace('/*', '/{file}').replace(/:(\w+)/g, '{$1}')
  return new Set(routes.map(({ method, path }) => `${method} ${documented(path)}`))
}

describe('the OpenAPI document', () => {
  test('describes every route that is served, and no other', () => {
    expect(
      operationsOf(true)
        .map(([route]) => route)
        .toSorted(),
    ).toEqual([...served()].toSorted())
  })

  test('T13: says nothing of the admin API where there is none', () => {
    const isAdmin = (route: string): boolean => route.includes('/v1/admin/') || route.endsWith(' /metrics')
    expect(operationsOf(false).map(([route]) => route)).toEqual(
      operationsOf(true).flatMap(([route]) => (isAdmin(route) ? [] : [route])),
    )
    expect(JSON.stringify(openapiDocument(false))).not.toMatch(/\/v1\/admin|\/metrics|adminToken|MintedKey/)
  })

  test.each([true, false])('is valid OpenAPI 3.1, with an admin API: %s', async (hasAdmin) => {
    const validator = new Validator()
    const document = JSON.parse(JSON.stringify(openapiDocument(hasAdmin))) as Record<string, unknown>
    const { valid, errors } = await validator.validate(document)
    expect({ valid, errors }).toMatchObject({ valid: true })
    expect(validator.version).toBe('3.1')
  })

  test('refers to no component that there is not', () => {
    for (const hasAdmin of [true, false]) {
      const document = openapiDocument(hasAdmin) as { components: { schemas: object } }
      const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
        ([, name]) => name,
      )
      expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(refs))
      expect(refs.length).toBeGreaterThan(10)
    }
  })

  test('names each operation once, and every parameter of its path', () => {
    const operations = operationsOf(true)
    const ids = operations.map(([, { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [route, { parameters = [] }] of operations) {
      const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
      expect(named, route).toEqual([...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    }
  })

  test('says of every problem where it may be met, but for what no answer ever says', () => {
    const responses = JSON.stringify(operationsOf(true).map(([, operation]) => operation.responses))
    const unmet = problemCodes.filter((code) => !responses.includes(`"${code}"`))
    // Another method is what no operation describes; who has left is told nothing.
    expect(unmet).toEqual(['method-not-allowed', 'client-closed-request'])
  })

  test.each([true, false])('describes the tag of every operation, with an admin API: %s', (hasAdmin) => {
    const { tags } = openapiDocument(hasAdmin) as { tags: { name: string }[] }
    const used = operationsOf(hasAdmin).flatMap(([, { tags }]) => tags)
    expect(tags.map(({ name }) => name).toSorted()).toEqual([...new Set(used)].toSorted())
  })

  test('lets Python write its booleans and numbers', () => {
    const [, decode] = operationsOf(false).find(([route]) => route === 'POST /{model}') ?? []
    const schemas = JSON.stringify(decode?.parameters)
    expect(schemas).toContain('"shape"')
    expect(schemas).not.toContain('true|false')
  })
})
